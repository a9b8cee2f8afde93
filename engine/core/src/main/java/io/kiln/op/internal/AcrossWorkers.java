package io.kiln.op.internal;

import io.kiln.op.Operator;
import io.kiln.op.distributed.Workers;

/**
 * Marks operators that talk to the other workers of the thread's {@linkplain Workers group}. Every worker must call
 * them the same number of times and in the same order, so a compiler never drops, merges or reorders them.
 */
public interface AcrossWorkers extends Operator {}
