/**
 * A thin, fast layer over the C interface of oneDNN 3: operations on raw memory ({@link io.kiln.cpu.onednn.Tensor}), with
 * primitives cached per thread ({@link io.kiln.cpu.onednn.CpuContext}).
 *
 * <p>Each operation is one class whose {@code run} looks up the call in the cache, builds a plan on a miss
 * ({@link io.kiln.cpu.onednn.PlanBuilder}: primitive, reorders of arguments whose layout the primitive does not take, one
 * scratch buffer for all) and executes it. It returns false when oneDNN has no implementation for the case; the caller
 * then uses its Java kernel.
 */
package io.kiln.cpu.onednn;
