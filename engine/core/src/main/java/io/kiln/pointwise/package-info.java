/**
 * Pointwise programs: the computation of chains of elementwise operators and of optimizer updates, written once as
 * {@link io.kiln.pointwise.Expr expressions} and run by each backend in its own way (tile by tile on a CPU, one
 * generated kernel on a GPU), with each array read and written once.
 */
package io.kiln.pointwise;
