/**
 * Elementwise functions of one or several arrays: arithmetic, comparison, logic, bits, powers, trigonometry and special
 * functions; also Fourier transforms. {@link io.kiln.op.math.Elementwise}, {@link io.kiln.op.math.Functions} and
 * {@link io.kiln.op.math.Fourier} have them as static methods.
 */
package io.kiln.op.math;
