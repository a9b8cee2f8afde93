package io.kiln.ndarray;

/** What a trace keeps with an array: the value of a graph for which the array stands. Its {@code toString} names the value. */
public interface TraceMeta {}
