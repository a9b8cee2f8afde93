/** The networks and the data that all engines get alike. */
package io.kiln.benchmarks.net;
