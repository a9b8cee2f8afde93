package io.kiln.nn;

import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Elu;
import io.kiln.op.activation.Gelu;
import io.kiln.op.activation.HardSigmoid;
import io.kiln.op.activation.HardSwish;
import io.kiln.op.activation.LeakyRelu;
import io.kiln.op.activation.Mish;
import io.kiln.op.activation.Relu;
import io.kiln.op.activation.Selu;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.activation.Silu;
import io.kiln.op.activation.Softmax;
import io.kiln.op.activation.Softplus;
import io.kiln.op.activation.Softsign;
import io.kiln.op.math.Tanh;

/** Activations as layers. Formulas and sources are documented at the operators of the same name. Shapes: y as x. */
public final class Activations {
    private Activations() {}

    private static Block of(Operator operator) {
        return new Lambda(x -> Dispatch.one(operator, x));
    }

    /** {@return the rectified linear unit, {@link Relu}} */
    public static Block relu() {
        return of(new Relu());
    }

    /** {@return the logistic function, {@link Sigmoid}} */
    public static Block sigmoid() {
        return of(new Sigmoid());
    }

    /** {@return the hyperbolic tangent, {@link Tanh}} */
    public static Block tanh() {
        return of(new Tanh());
    }

    /** {@return the scaled exponential linear unit, {@link Selu}} */
    public static Block selu() {
        return of(new Selu());
    }

    /** {@return the Gaussian error linear unit, exact, {@link Gelu}} */
    public static Block gelu() {
        return of(new Gelu(false));
    }

    /** {@return the sigmoid-weighted linear unit, also called swish, {@link Silu}} */
    public static Block silu() {
        return of(new Silu());
    }

    /** {@return the Gaussian error linear unit by its tanh approximation, {@link Gelu}} */
    public static Block geluTanh() {
        return of(new Gelu(true));
    }

    /**
     * Swish, \(y = x\, \sigma(\beta x)\). P. Ramachandran et al., arXiv:1710.05941.
     *
     * @param beta \(\beta\); with 1 it is {@link #silu()}
     * @return the layer
     */
    public static Block swish(double beta) {
        return new Lambda(x -> x.mul(x.mul(beta).sigmoid()));
    }

    /** {@return Mish, \(y = x \tanh(\mathrm{softplus}(x))\). D. Misra, BMVC 2020} */
    public static Block mish() {
        return of(new Mish());
    }

    /** {@return the ReLU clipped at 6, \(y = \min(\max(x, 0), 6)\)} */
    public static Block relu6() {
        return new Lambda(x -> x.clip(0, 6));
    }

    /** {@return a piecewise linear sigmoid, \(y = \min(\max(x + 3, 0), 6) / 6\). A. Howard et al., ICCV 2019} */
    public static Block hardSigmoid() {
        return of(new HardSigmoid(1.0 / 6, 0.5));
    }

    /** {@return a piecewise swish, x times {@link #hardSigmoid()}. A. Howard et al., ICCV 2019} */
    public static Block hardSwish() {
        return of(new HardSwish());
    }

    /** {@return softsign, \(y = x / (1 + |x|)\)} */
    public static Block softsign() {
        return of(new Softsign());
    }

    /** {@return the smooth ReLU, {@link Softplus}} */
    public static Block softplus() {
        return of(new Softplus());
    }

    /**
     * The leaky ReLU, {@link LeakyRelu}.
     *
     * @param slope factor for negative elements
     * @return the layer
     */
    public static Block leakyRelu(double slope) {
        return of(new LeakyRelu(slope));
    }

    /**
     * The exponential linear unit, {@link Elu}.
     *
     * @param alpha minus the limit for large negative elements
     * @return the layer
     */
    public static Block elu(double alpha) {
        return of(new Elu(alpha));
    }

    /** {@return the softmax over the last axis, {@link Softmax}} */
    public static Block softmax() {
        return of(new Softmax(-1));
    }
}
