/**
 * What layers of neural networks are made of: linear maps, convolution, pooling, normalisation, dropout and losses.
 * {@link io.kiln.op.nn.Neural} and {@link io.kiln.op.nn.Normalisation} have them as static methods.
 * The layers themselves, which own parameters, are in {@code io.kiln.nn}; where both share a name, as {@code BatchNormOp} does, networks
 * are built from the layer.
 */
package io.kiln.op.nn;
