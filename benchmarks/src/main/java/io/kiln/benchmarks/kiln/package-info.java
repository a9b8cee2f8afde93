/** Kiln's side of each workload. */
package io.kiln.benchmarks.kiln;
