package io.kiln.spark.job;

import io.kiln.metric.Metric;
import java.util.function.Supplier;

/**
 * A metric of one of a network's outputs.
 *
 * @param output index of the output
 * @param name name of the metric, for display
 * @param factory creates it
 */
record Measure(int output, String name, Supplier<Metric> factory) {}
