/**
 * Products and conversions of sparse matrices. {@link io.kiln.op.sparse.Sparse} has them as static methods, on an
 * {@link io.kiln.ndarray.Csr}.
 */
package io.kiln.op.sparse;
