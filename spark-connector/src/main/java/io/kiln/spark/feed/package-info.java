/**
 * From a DataFrame to batches: columns are bound by type, rows are packed once into blocks that Spark stores,
 * distributed to workers, and read back in an order that depends only on seed, epoch and batch size.
 */
package io.kiln.spark.feed;
