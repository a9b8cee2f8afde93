/**
 * Data for loops of one's own, without Spark: {@link io.kiln.data.Dataset}s with random access, {@link io.kiln.data.Sampler}s that
 * order them, and the {@link io.kiln.data.DataLoader} whose threads make batches ahead. In a Spark job the estimators feed
 * themselves.
 */
package io.kiln.data;
