/**
 * Metrics: what people read of a network's predictions. Their state is a vector of numbers that workers exchange and merge, so
 * that a metric over many workers equals that of one that has seen all samples.
 */
package io.kiln.metric;
