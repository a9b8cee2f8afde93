/**
 * Kernels of the operators that oneDNN computes: the glue between operators and {@code io.kiln.cpu.onednn}, and a plain
 * Java kernel behind each for what oneDNN does not take: float64, rare shapes, machines without it. The Java kernels are
 * the truth that the fast ones are tested against.
 */
package io.kiln.cpu.kernel;
