package io.kiln.op.activation;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.UnaryPointwise;
import io.kiln.op.internal.GeluGradient;
import io.kiln.pointwise.Expr;

/**
 * Gaussian error linear unit (Hendrycks and Gimpel, 2016):
 * \(y = x \, \Phi(x) = \frac x 2 (1 + \operatorname{erf}(x/\sqrt 2))\), or its approximation
 * \(\frac x 2 (1 + \tanh(\sqrt{2/\pi} (x + 0.044715 x^3)))\). Shapes: y as x. Dtype: as x; float32 for integers.
 *
 * @param approximate whether to use the tanh approximation
 */
public record Gelu(boolean approximate) implements UnaryPointwise {
    @Override
    public Expr expression(Expr x) {
        return x.mul(approximate ? x.tanhCdf() : x.normalCdf());
    }

    @Override
    public NDArray gradient(NDArray dy, NDArray x, NDArray y) {
        return Dispatch.one(new GeluGradient(approximate), dy, x);
    }
}
