/** Benchmarks of Kiln and other systems in the same run. */
package io.kiln.benchmarks;
