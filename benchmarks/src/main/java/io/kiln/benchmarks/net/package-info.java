/** The networks and data that all engines share. */
package io.kiln.benchmarks.net;
