/**
 * Data for training loops without Spark: {@link io.kiln.data.Dataset}s with random access,
 * {@link io.kiln.data.Sampler}s that order them, and the {@link io.kiln.data.DataLoader}, whose threads prepare batches
 * in advance. In a Spark job the estimators read their own data.
 */
package io.kiln.data;
