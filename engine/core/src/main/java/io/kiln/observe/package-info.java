/**
 * The hooks through which tools see what runs: an {@link io.kiln.observe.Observation} reports a thread's operators and blocks
 * to {@link io.kiln.observe.Observer}s. The profiler, the monitor and the detector of NaN in {@code io.kiln.view} are such
 * observers. While no observation is open, an operator pays a single read of a field of its thread.
 */
package io.kiln.observe;
