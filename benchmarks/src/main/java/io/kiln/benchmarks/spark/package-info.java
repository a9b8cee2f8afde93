/** Other systems inside Spark: reading rows, exchanging gradients, MLlib's network. */
package io.kiln.benchmarks.spark;
