/**
 * The building blocks of neural network layers: linear maps, convolution, pooling, normalisation, dropout and losses.
 * {@link io.kiln.op.nn.Neural} and {@link io.kiln.op.nn.Normalisation} have them as static methods. The layers
 * themselves, which own parameters, are in {@code io.kiln.nn}; if an operator and a layer share a name, the operator's
 * ends with {@code Op}, as in {@code BatchNormOp}.
 */
package io.kiln.op.nn;
