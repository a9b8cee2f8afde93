/**
 * From a DataFrame to batches: columns bound by type, rows packed once into blocks that Spark's storage keeps, dealt out to
 * workers, and read back in an order that depends on the seed, the epoch and the batch size only.
 */
package io.kiln.spark.feed;
