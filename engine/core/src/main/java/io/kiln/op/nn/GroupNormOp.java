package io.kiln.op.nn;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.GroupNormGradient;
import io.kiln.op.internal.LayerNormGradient;
import io.kiln.op.math.Rsqrt;
import java.util.Arrays;

/**
 * Normalisation over groups of channels of each sample (Wu and He, ECCV 2018):
 * \(y = \gamma (x - \mu)/\sqrt{\sigma^2 + \epsilon} + \beta\) with mean and biased variance over the channels of a
 * group and all positions. One group is layer normalisation over all but the batch, as many groups as channels is
 * instance normalisation. Inputs: x[N,C,…], gamma[C], beta[C]. Shapes: y as x. Dtype: as x, floating.
 *
 * @param groups number of groups, a divisor of C
 * @param epsilon added to the variance
 */
public record GroupNormOp(long groups, double epsilon) implements Operator {
    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        if (x.rank() < 2 || !inputs[0].dtype().isFloating()) {
            throw new ShapeException("groupNorm: expected floating x[N,C,…], got " + inputs[0]);
        }
        if (groups < 1 || x.dim(1) % groups != 0) {
            throw new ShapeException(
                    "groupNorm: groups must divide the " + x.dim(1) + " channels of x" + x + ", got " + groups);
        }
        for (int i = 1; i < 3; i++) {
            if (!Shape.of(x.dim(1)).accepts(inputs[i].shape())) {
                throw new ShapeException("groupNorm: x" + x + " needs gamma and beta of shape [" + x.dim(1)
                        + "], input " + i + " has " + inputs[i].shape());
            }
        }
        return new Spec[] {inputs[0]};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return Dispatch.run(
                new GroupNormGradient(groups, epsilon), c.outputGradient(0), c.input(0), c.input(1), c.input(2));
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        Shape shape = inputs[0].shape();
        if (shape.size() == 0) {
            return new NDArray[] {inputs[0].copy()};
        }
        NDArray x = inputs[0].cast(inputs[0].dtype().promote(DType.FLOAT32));
        NDArray rows = x.reshape(shape.dim(0) * groups, shape.size() / (shape.dim(0) * groups));
        NDArray centred = rows.sub(LayerNormGradient.mean(rows));
        NDArray inverse = Dispatch.one(
                new Rsqrt(), LayerNormGradient.mean(centred.square()).add(epsilon));
        long[] d = new long[shape.rank() - 1];
        Arrays.fill(d, 1);
        d[0] = shape.dim(1);
        NDArray normal = centred.mul(inverse).reshape(shape);
        NDArray y = normal.mul(inputs[1].reshape(d)).add(inputs[2].reshape(d));
        return new NDArray[] {y.cast(inputs[0].dtype())};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // Mean, centre, square, variance, scale by 1/σ, multiply by gamma, add beta.
        return Math.multiplyExact(7, inputs[0].shape().size());
    }
}
