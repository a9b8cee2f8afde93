package io.kiln.ndarray;

/**
 * The tracer's data about an array: the graph value for which the array stands. Its {@code toString} names the value.
 */
public interface TraceMeta {}
