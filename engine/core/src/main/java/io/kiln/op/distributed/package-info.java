/**
 * Operators that involve all workers of a job, such as sums over workers and batch norm with the statistics of the
 * combined batch. {@link io.kiln.op.distributed.Workers} determines the group of a thread.
 */
package io.kiln.op.distributed;
