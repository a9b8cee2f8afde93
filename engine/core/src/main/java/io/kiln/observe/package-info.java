/**
 * Hooks for tools that observe what runs: an {@link io.kiln.observe.Observation} reports a thread's operators and
 * blocks to {@link io.kiln.observe.Observer}s, such as the profiler, the monitor and the NaN detector in
 * {@code io.kiln.view}. While no observation is open, the overhead per operator is a single read of a field of its
 * thread.
 */
package io.kiln.observe;
