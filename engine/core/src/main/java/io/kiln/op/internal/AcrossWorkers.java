package io.kiln.op.internal;

import io.kiln.op.Operator;
import io.kiln.op.distributed.Workers;

/**
 * Marks operators that talk to the other workers of the thread's {@linkplain Workers group}. Every worker must call them equally
 * often and in the same order, so a compiler neither leaves them out, nor joins equal ones, nor changes their order.
 */
public interface AcrossWorkers extends Operator {}
