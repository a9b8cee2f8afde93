/**
 * The backend for devices of OpenCL: {@code opencl(0)}, {@code opencl(1)}, … in the order in which the installed platforms name them.
 * Pointwise programs and kernels are those of {@link io.kiln.kernels}; an operator that has neither kernel nor composition goes through
 * the CPU ({@link io.kiln.kernels.HostFallback}), which is counted and logged.
 *
 * <p>The device is driven through JOCL, a thin layer over the C API. Aparapi 3.0.2 was tried first and has no room for a backend: its
 * memory is a Java array that is pinned while a kernel runs, which kernels of two classes cannot share on the device and into which there are
 * no offsets; a launch returns when it has ended; there are no events, no second queue and no type of 16 bits.
 */
package io.kiln.opencl;
