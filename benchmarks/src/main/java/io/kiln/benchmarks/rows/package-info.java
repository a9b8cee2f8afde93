/** What rows cost on their way from tables to a network. */
package io.kiln.benchmarks.rows;
