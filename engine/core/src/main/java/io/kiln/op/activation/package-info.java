/**
 * Activation functions, including softmax. {@link io.kiln.op.activation.ActivationFunctions} has them as static
 * methods; layers take an {@link io.kiln.op.activation.Activation}, which matrix products and convolutions can apply to
 * their results.
 */
package io.kiln.op.activation;
