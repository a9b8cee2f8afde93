/**
 * Linear algebra: products, factorisations, solvers and determinants, over batches of matrices.
 * {@link io.kiln.op.linalg.Linalg} has them as static methods.
 */
package io.kiln.op.linalg;
