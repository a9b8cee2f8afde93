/**
 * Automatic differentiation: {@link io.kiln.autograd.Autograd} records operators on a tape and walks it backwards, calling
 * each operator's gradient, which is itself written in operators.
 */
package io.kiln.autograd;
