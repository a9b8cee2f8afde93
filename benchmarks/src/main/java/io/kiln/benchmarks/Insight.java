package io.kiln.benchmarks;

/**
 * What a contender can say of the inside of its steps.
 *
 * @param gflop floating-point operations of a step, in 10⁹; a multiply-add is two
 * @param peakGflops what a large float32 product reaches in the contender's process, in 10⁹ operations per second
 * @param internalMiB the most memory that a step has at a time for the values that it computes on the way
 */
public record Insight(double gflop, double peakGflops, double internalMiB) {}
