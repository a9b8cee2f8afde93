/**
 * Optimizers as data: an {@link io.kiln.optim.Optimizer} is an immutable record whose update is a pointwise program
 * over flat arrays, so that a trainer runs it on whole parameters and a KVStore on any slice of them.
 * {@link io.kiln.optim.UpdateRule} combines it with a {@link io.kiln.optim.Schedule}, weight decay and clipping;
 * {@link io.kiln.optim.Trainer} applies the rule.
 */
package io.kiln.optim;
