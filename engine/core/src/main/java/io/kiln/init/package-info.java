/**
 * Initializers: records that make the first values of parameters. {@link io.kiln.init.Initializers} has those that are known
 * by the name of a paper. They draw from the thread's {@link io.kiln.op.random.RandomGenerator}.
 */
package io.kiln.init;
