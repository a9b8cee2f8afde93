/**
 * The kernels that devices of OpenCL and CUDA share: sources in one dialect, and the planners that launch them on a
 * {@link io.kiln.kernels.KernelDevice}.
 */
package io.kiln.kernels;
