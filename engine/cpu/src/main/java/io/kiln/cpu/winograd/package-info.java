/**
 * Convolutions of stride 1 by Winograd's minimal filtering on tiles of 6×6 elements: transforms in Java between which the
 * arithmetic is 36 matrix products by oneDNN.
 */
package io.kiln.cpu.winograd;
