package io.kiln.op.nn;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Argument;
import io.kiln.op.DefaultValue;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.ParametricOperator;
import io.kiln.op.Role;
import io.kiln.op.internal.BatchNormGradient;
import io.kiln.op.internal.Channels;
import io.kiln.op.internal.Completion;
import io.kiln.op.math.Rsqrt;
import java.util.List;
import java.util.Map;

/**
 * Batch normalisation: \(y = \gamma (x - \mu)/\sqrt{\sigma^2 + \epsilon} + \beta\) per channel (Ioffe and Szegedy 2015). In
 * train mode μ and σ² (biased) are those of the batch, and the running statistics move:
 * \(\mathrm{new} = m\,\mathrm{old} + (1-m)\,\mathrm{batch}\), with the variance of a sample, which divides by n − 1, as PyTorch's, or
 * that of a population, which divides by n, as MXNet's and ONNX's; in predict mode they are the running statistics, which stay.
 *
 * <p>Inputs: x[N,C,…], gamma[C], beta[C], running mean[C], running variance[C]. Outputs: y[N,C,…], new running mean[C], new
 * running variance[C], and for the gradient the mean[C] and 1/√(σ² + ε) [C] that were used. Dtype: y as x, floating; the
 * others of one floating type, that of x or a wider one.
 *
 * @param epsilon added to the variance
 * @param momentum m, the weight of the old running statistics
 * @param population whether the running variance takes that of a population instead of that of a sample
 */
public record BatchNormOp(double epsilon, double momentum, @DefaultValue("false") boolean population)
        implements ParametricOperator {
    /**
     * With the variance of a sample.
     *
     * @param epsilon added to the variance
     * @param momentum m, the weight of the old running statistics
     */
    public BatchNormOp(double epsilon, double momentum) {
        this(epsilon, momentum, false);
    }

    @Override
    public List<Argument> arguments() {
        return List.of(
                Argument.data("x"),
                Argument.parameter("gamma", Role.GAMMA),
                Argument.parameter("beta", Role.BETA),
                Argument.parameter("running_mean", Role.RUNNING_MEAN),
                Argument.parameter("running_variance", Role.RUNNING_VARIANCE));
    }

    @Override
    public Shape[] complete(Shape... inputs) {
        Shape[] s = inputs.clone();
        for (int i = 1; i < s.length; i++) {
            s[i] = Completion.join(s[i], Completion.vector(s[0], 1));
        }
        return s;
    }

    @Override
    public Map<Integer, Integer> updates() {
        return Map.of(1, 3, 2, 4);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        if (x.rank() < 2 || !inputs[0].dtype().isFloating()) {
            throw new ShapeException("batchNorm: expected floating x[N,C,…], got " + inputs[0]);
        }
        for (int i = 1; i < 5; i++) {
            if (!inputs[i].shape().equals(Shape.of(x.dim(1)))) {
                throw new ShapeException("batchNorm: x" + x + " needs gamma, beta and running statistics of shape ["
                        + x.dim(1) + "], input " + i + " has " + inputs[i].shape());
            }
        }
        Spec c = new Spec(Shape.of(x.dim(1)), inputs[3].dtype());
        return new Spec[] {inputs[0], c, c, c, c};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        if (dy == null) {
            return new NDArray[5];
        }
        NDArray[] d = Dispatch.run(
                new BatchNormGradient(epsilon, c.training()), dy, c.input(0), c.input(1), c.output(3), c.output(4));
        return new NDArray[] {d[0], d[1], d[2], null, null};
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        NDArray x = in[0];
        NDArray mean = in[3];
        NDArray variance = in[4];
        NDArray newMean = mean.copy();
        NDArray newVariance = variance.copy();
        if (Autograd.isTraining()) {
            double n = (double) x.size() / Math.max(1, x.shape().dim(1));
            mean = Channels.sum(Channels.like(mean, x)).mul(1 / n);
            NDArray centred = x.sub(Channels.perChannel(mean, x));
            variance = Channels.sum(centred.mul(centred)).mul(1 / n);
            newMean = in[3].mul(momentum).add(mean.mul(1 - momentum));
            newVariance = in[4].mul(momentum).add(variance.mul((1 - momentum) * runningFactor(n)));
        }
        NDArray inverse = Dispatch.one(new Rsqrt(), variance.add(epsilon));
        NDArray y = x.sub(Channels.perChannel(mean, x))
                .mul(Channels.perChannel(inverse.mul(in[1]), x))
                .add(Channels.perChannel(in[2], x));
        return new NDArray[] {Channels.like(x, y), newMean, newVariance, mean, inverse};
    }

    /**
     * The factor from the variance of a batch to the running one.
     *
     * @param n elements of a channel
     * @return n / (n − 1), or 1 for that of a population
     */
    public double runningFactor(double n) {
        return population ? 1 : n / Math.max(1, n - 1);
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // Centre, scale by 1/σ, multiply by gamma, add beta; the statistics of train mode come on top.
        return Math.multiplyExact(4, inputs[0].shape().size());
    }
}
