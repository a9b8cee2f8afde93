/**
 * Pointwise programs: what chains of elementwise operators and optimizer updates compute, written once as
 * {@link io.kiln.pointwise.Expr expressions} and run by each backend in its own way (tile by tile on a CPU, one generated
 * kernel on a GPU), reading and writing memory once per array.
 */
package io.kiln.pointwise;
