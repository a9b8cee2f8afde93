/**
 * Activation functions, softmax among them. {@link io.kiln.op.activation.ActivationFunctions} has them as static methods; layers take an
 * {@link io.kiln.op.activation.Activation}, which matrix products and convolutions apply on the way.
 */
package io.kiln.op.activation;
