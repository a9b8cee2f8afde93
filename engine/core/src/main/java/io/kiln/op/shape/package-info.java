/**
 * Changes of shape and order: reshape, transpose, slice, concatenate, pad, tile. Where possible they are views, which
 * do not copy. {@link io.kiln.op.shape.Movement} has them as static methods.
 */
package io.kiln.op.shape;
