/**
 * A thin, fast layer over the C interface of oneDNN 3: operations on raw memory ({@link io.kiln.cpu.onednn.Tensor}),
 * with primitives cached per thread ({@link io.kiln.cpu.onednn.CpuContext}).
 *
 * <p>Each operation is one class whose {@code run} looks up the call in the cache, builds a plan on a miss
 * ({@link io.kiln.cpu.onednn.PlanBuilder}: the primitive, reorders of arguments whose layout it does not support, one
 * scratch buffer for all) and executes it. It returns false if oneDNN has no implementation for the case; the caller
 * then uses its Java kernel.
 */
package io.kiln.cpu.onednn;
