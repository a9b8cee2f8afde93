/**
 * Functions of one element or of elements in the same place: arithmetic, comparison, logic, bits, powers, trigonometry and special
 * functions; Fourier transforms as well. {@link io.kiln.op.math.Elementwise}, {@link io.kiln.op.math.Functions} and
 * {@link io.kiln.op.math.Fourier} have them as static methods.
 */
package io.kiln.op.math;
