/**
 * Networks: {@link io.kiln.nn.Block blocks} with {@link io.kiln.nn.Parameter parameters}, the usual layers, and
 * {@link io.kiln.init.Initializer initializers}. Data are laid out as [N,C,spatial…]; physical layouts are the backend's affair.
 */
package io.kiln.nn;
