/**
 * Networks: {@link io.kiln.nn.Block blocks} with {@link io.kiln.nn.Parameter parameters}, the usual layers, and
 * {@link io.kiln.init.Initializer initializers}. Data have the axes [N,C,spatial…]; their physical layout is up to the
 * backend.
 */
package io.kiln.nn;
