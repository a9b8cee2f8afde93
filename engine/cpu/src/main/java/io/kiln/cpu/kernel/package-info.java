/**
 * Kernels of the operators that oneDNN computes: adapters from operators to {@code io.kiln.cpu.onednn}, each backed by
 * a plain Java kernel for what oneDNN does not support (float64, rare shapes, machines without it). The Java kernels
 * are the reference for testing the fast ones.
 */
package io.kiln.cpu.kernel;
