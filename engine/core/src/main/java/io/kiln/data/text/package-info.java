/** Text as numbers: words, vocabularies, batches of sequences of similar lengths. */
package io.kiln.data.text;
