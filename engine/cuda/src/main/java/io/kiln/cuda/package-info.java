/**
 * The backend for NVIDIA's GPUs: {@code cuda(0)}, {@code cuda(1)}, … in the order in which the driver names them. Kernels are those of
 * {@code io.kiln.kernels}, compiled by NVRTC; products of matrices are cuBLAS's, convolutions, average pooling, batch normalization and
 * recurrent layers cuDNN's.
 */
package io.kiln.cuda;
