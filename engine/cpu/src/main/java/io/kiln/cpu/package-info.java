/**
 * The CPU backend: oneDNN primitives ({@code io.kiln.cpu.onednn}) for contractions, convolutions, pooling and
 * normalisation, the tile executor ({@code io.kiln.cpu.tile}) for pointwise programs, and one thread pool for both.
 */
package io.kiln.cpu;
