/**
 * Attention and transformers: {@link io.kiln.nn.transformer.MultiHeadAttention}, encodings of positions, and layers and stacks
 * of encoder and decoder. Sequences are [N,L,C]: batch, position, features. L is known, the batch need not be.
 */
package io.kiln.nn.transformer;
