package io.kiln.kvstore;

/**
 * Facts about the gradients of all workers.
 *
 * @param overflows the number of workers that own non-finite ones
 * @param squares the sum of their squares
 */
record GradientFacts(double overflows, double squares) {}
