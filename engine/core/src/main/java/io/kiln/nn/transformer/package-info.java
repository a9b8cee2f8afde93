/**
 * Attention and transformers: {@link io.kiln.nn.transformer.MultiHeadAttention}, positional encodings, and layers and
 * stacks of encoder and decoder. Sequences are [N,L,C]: batch, position, features. L must be known, the batch need not
 * be.
 */
package io.kiln.nn.transformer;
