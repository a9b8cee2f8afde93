/**
 * The backend for NVIDIA's GPUs: {@code cuda(0)}, {@code cuda(1)}, … in the order in which the driver names them.
 */
package io.kiln.cuda;
