/** Records the bits that the engine computes, so that two versions of the code can be compared. */
package io.kiln.cpu.bits;
