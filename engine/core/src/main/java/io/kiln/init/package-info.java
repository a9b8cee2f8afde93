/**
 * Initializers: records that create the initial values of parameters. {@link io.kiln.init.Initializers} has those known
 * by the name of a paper. They draw from the thread's {@link io.kiln.op.random.RandomGenerator}.
 */
package io.kiln.init;
