/**
 * Reductions along axes: sums, extrema, norms, variance, quantiles, and cumulative sums, products and extrema.
 * {@link io.kiln.op.reduce.Reductions} has them as static methods.
 */
package io.kiln.op.reduce;
