/**
 * Scaled dot-product attention, with masks, dropout and its own gradient. Call it through {@link io.kiln.op.attention.Attention}.
 */
package io.kiln.op.attention;
