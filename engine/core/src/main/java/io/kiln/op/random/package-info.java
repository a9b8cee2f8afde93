/**
 * Random numbers. {@link io.kiln.op.random.RandomOps} and {@link io.kiln.op.random.Distributions} draw arrays of them from the thread's
 * {@link io.kiln.op.random.RandomGenerator}: the same seed gives the same numbers on every backend.
 */
package io.kiln.op.random;
