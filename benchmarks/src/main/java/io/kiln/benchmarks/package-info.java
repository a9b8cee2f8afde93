/** Kiln beside its peers, in one run. */
package io.kiln.benchmarks;
