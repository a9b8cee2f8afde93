/**
 * Changes of shape and order: reshape, transpose, slice, concatenate, pad, tile. Those that can are views and copy nothing.
 * {@link io.kiln.op.shape.Movement} has them as static methods.
 */
package io.kiln.op.shape;
