package io.kiln.observe;

/**
 * The time that something took.
 *
 * @param start {@link System#nanoTime} at its start
 * @param nanos its duration
 */
public record Interval(long start, long nanos) {}
