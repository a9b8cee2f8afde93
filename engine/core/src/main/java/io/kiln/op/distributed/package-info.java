/**
 * Operators in which all workers of a job take part, such as sums over workers and batch norm with the statistics of the joined
 * batch. {@link io.kiln.op.distributed.Workers} says which group a thread belongs to.
 */
package io.kiln.op.distributed;
