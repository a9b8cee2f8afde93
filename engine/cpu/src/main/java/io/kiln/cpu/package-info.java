/** The CPU backend: oneDNN and tiled pointwise programs. */
package io.kiln.cpu;
