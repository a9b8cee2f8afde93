/**
 * Arrays: {@link io.kiln.ndarray.NDArray} is a strided view of off-heap memory, {@link io.kiln.ndarray.Scope} owns it,
 * {@link io.kiln.ndarray.Shape} and {@link io.kiln.ndarray.DType} describe it. {@link io.kiln.ndarray.HostView} is how Java
 * code reads and writes such memory.
 */
package io.kiln.ndarray;
