/**
 * Seeing what runs: {@link io.kiln.observe.Observation} tells {@link io.kiln.observe.Observer}s of a thread's operators and
 * blocks. A profiler, a monitor of statistics and a detector of NaN are such observers. Nothing is told, and nothing but the
 * look at one field of the thread is paid, while no observation is open.
 */
package io.kiln.observe;
