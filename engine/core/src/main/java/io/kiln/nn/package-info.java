/**
 * Networks: {@link io.kiln.nn.Initializer
 * initializers} and losses.
 */
package io.kiln.nn;
