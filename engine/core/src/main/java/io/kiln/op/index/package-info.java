/**
 * Looking up, writing and ordering elements by index: gather and scatter, sorting, top-k, one-hot and segments.
 * {@link io.kiln.op.index.Indexing} and {@link io.kiln.op.index.Segments} have them as static methods.
 */
package io.kiln.op.index;
