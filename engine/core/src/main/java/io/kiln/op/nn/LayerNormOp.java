package io.kiln.op.nn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Argument;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.ParametricOperator;
import io.kiln.op.Role;
import io.kiln.op.internal.Completion;
import io.kiln.op.internal.LayerNormGradient;
import io.kiln.op.math.Rsqrt;
import java.util.List;

/**
 * Layer normalisation over the last axis: \(y = \gamma (x - \mu)/\sqrt{\sigma^2 + \epsilon} + \beta\), with mean and biased
 * variance of each row (Ba, Kiros and Hinton 2016). Inputs: x[…,n], gamma[n], beta[n]. Outputs: y[…,n], and for the gradient
 * the means […,1] and 1/√(σ² + ε) […,1].
 *
 * @param epsilon added to the variance
 */
public record LayerNormOp(double epsilon) implements ParametricOperator {
    @Override
    public List<Argument> arguments() {
        return List.of(
                Argument.data("x"), Argument.parameter("gamma", Role.GAMMA), Argument.parameter("beta", Role.BETA));
    }

    @Override
    public Shape[] complete(Shape... inputs) {
        Shape[] s = inputs.clone();
        for (int i = 1; i < s.length; i++) {
            s[i] = Completion.join(s[i], Completion.vector(s[0], s[0] == null ? 0 : s[0].rank() - 1));
        }
        return s;
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        if (x.rank() < 1 || !inputs[0].dtype().isFloating()) {
            throw new ShapeException("layerNorm: expected floating x[…,n], got " + inputs[0]);
        }
        for (int i = 1; i < 3; i++) {
            if (!inputs[i].shape().accepts(Shape.of(x.dim(-1)))) {
                throw new ShapeException("layerNorm: x" + x + " needs gamma and beta of shape [" + x.dim(-1)
                        + "], input " + i + " has " + inputs[i].shape());
            }
        }
        Spec row = new Spec(x.with(-1, 1), inputs[0].dtype());
        return new Spec[] {inputs[0], row, row};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        if (c.outputGradient(0) == null) {
            return new NDArray[3];
        }
        return Dispatch.run(
                new LayerNormGradient(epsilon), c.outputGradient(0), c.input(0), c.input(1), c.output(1), c.output(2));
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        NDArray mean = LayerNormGradient.mean(in[0]);
        NDArray centred = in[0].sub(mean);
        NDArray inverse = Dispatch.one(
                new Rsqrt(), LayerNormGradient.mean(centred.mul(centred)).add(epsilon));
        return new NDArray[] {centred.mul(inverse).mul(in[1]).add(in[2]), mean, inverse};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // Mean, centre, square, variance, scale by 1/σ, multiply by gamma, add beta.
        return Math.multiplyExact(7, inputs[0].shape().size());
    }
}
