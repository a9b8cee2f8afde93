/**
 * Metrics of a network's predictions. Their state is a vector of numbers that workers exchange and add up, so that a
 * metric over several workers equals that of one that has seen all samples.
 */
package io.kiln.metric;
