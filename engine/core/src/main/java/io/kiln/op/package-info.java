/**
 * The operators, one file each: a record whose components are the operator's attributes and whose methods state its shape
 * and dtype rule and its gradient, written in operators, so that higher derivatives come for free.
 *
 * <p>{@link io.kiln.op.Dispatch} runs them: eagerly on data, recorded for autograd, or traced into a graph. People call
 * them through the methods of {@link io.kiln.ndarray.NDArray} and through the static groups {@link io.kiln.op.Elementwise},
 * {@link io.kiln.op.Reductions}, {@link io.kiln.op.Movement}, {@link io.kiln.op.Indexing}, {@link io.kiln.op.Linalg},
 * {@link io.kiln.op.Neural} and {@link io.kiln.op.RandomOps}; loops and branches through {@link io.kiln.op.ControlFlow},
 * operators of their own through {@link io.kiln.op.CustomOps}.
 */
package io.kiln.op;
