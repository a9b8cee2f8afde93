/** Text as numbers: tokenizers, vocabularies, and batches of sequences of similar lengths. */
package io.kiln.data.text;
