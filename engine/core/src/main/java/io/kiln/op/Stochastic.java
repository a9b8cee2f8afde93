package io.kiln.op;

/** Marks operators that draw random numbers: even without traced inputs they belong into a graph being traced. */
public interface Stochastic extends Operator {}
