package io.kiln.op.distributed;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Argument;
import io.kiln.op.DefaultValue;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.ParametricOperator;
import io.kiln.op.internal.AcrossWorkers;
import io.kiln.op.internal.Channels;
import io.kiln.op.internal.CompositeGradient;
import io.kiln.op.math.Rsqrt;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.shape.Movement;
import java.util.List;
import java.util.Map;

/**
 * {@link BatchNormOp} with the statistics of the batches of all workers of the thread's {@linkplain Workers group}, in train
 * mode. Gradients of gamma and beta are those of this worker's samples, as a store sums them afterwards. H. Zhang et al.,
 * CVPR 2018.
 *
 * <p>Inputs as those of {@link BatchNormOp}. Outputs: y[N,C,…], new running mean[C], new running variance[C], and for the
 * gradient the mean[C], 1/√(σ² + ε) [C] and number of elements per channel [1] that were used.
 *
 * @param epsilon added to the variance
 * @param momentum m, the weight of the old running statistics
 * @param population whether the running variance takes that of a population, as MXNet's, instead of that of a sample, as PyTorch's
 */
public record SyncBatchNormOp(double epsilon, double momentum, @DefaultValue("false") boolean population)
        implements ParametricOperator, AcrossWorkers {
    /**
     * With the variance of a sample.
     *
     * @param epsilon added to the variance
     * @param momentum the weight of the old running statistics
     */
    public SyncBatchNormOp(double epsilon, double momentum) {
        this(epsilon, momentum, false);
    }

    private BatchNormOp plain() {
        return new BatchNormOp(epsilon, momentum, population);
    }

    @Override
    public List<Argument> arguments() {
        return plain().arguments();
    }

    @Override
    public Shape[] complete(Shape... inputs) {
        return plain().complete(inputs);
    }

    @Override
    public Map<Integer, Integer> updates() {
        return plain().updates();
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Spec[] plain = plain().infer(inputs);
        Spec count = new Spec(Shape.of(1), plain[3].dtype());
        return new Spec[] {plain[0], plain[1], plain[2], plain[3], plain[4], count};
    }

    @Override
    public NDArray[] compose(NDArray... in) {
        NDArray x = in[0];
        double own = (double) x.size() / Math.max(1, x.shape().dim(1));
        NDArray count = x.factory().full(Shape.of(1), own, in[3].dtype());
        if (!Autograd.isTraining()) {
            NDArray[] y = Dispatch.run(plain(), in);
            return new NDArray[] {y[0], y[1], y[2], y[3], y[4], count};
        }
        long channels = in[3].size();
        NDArray total = Dispatch.one(new CrossWorkerSum(), Movement.concat(0, over(x, in[3]), count));
        count = total.slice(0, channels, channels + 1).copy();
        NDArray mean = total.slice(0, 0, channels).div(count);
        NDArray squares = over(x.sub(Channels.perChannel(mean, x)).square(), mean);
        NDArray variance = Dispatch.one(new CrossWorkerSum(), squares).div(count);
        NDArray running =
                population ? variance : variance.mul(count.div(count.sub(1).clip(1, Double.POSITIVE_INFINITY)));
        NDArray newMean = in[3].mul(momentum).add(mean.mul(1 - momentum));
        NDArray newVariance = in[4].mul(momentum).add(running.mul(1 - momentum));
        NDArray inverse = Dispatch.one(new Rsqrt(), variance.add(epsilon));
        NDArray y = x.sub(Channels.perChannel(mean, x))
                .mul(Channels.perChannel(inverse.mul(in[1]), x))
                .add(Channels.perChannel(in[2], x));
        return new NDArray[] {Channels.like(x, y), newMean, newVariance, mean, inverse, count};
    }

    /** Sums over all axes but the channels, in the dtype of the statistics. */
    private static NDArray over(NDArray x, NDArray statistic) {
        return Channels.sum(Channels.like(statistic, x));
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray dy = c.outputGradient(0);
        if (dy == null) {
            return new NDArray[5];
        }
        if (c.training() && Autograd.isRecording()) {
            return CompositeGradient.of(this, c); // the statistics depend on x: second derivatives need to know
        }
        NDArray x = c.input(0);
        NDArray mean = c.output(3);
        NDArray inverse = c.output(4);
        NDArray normal = x.sub(Channels.perChannel(mean, x)).mul(Channels.perChannel(inverse, x));
        NDArray dbeta = over(dy, mean);
        NDArray dgamma = over(dy.mul(normal), mean);
        NDArray g = dy;
        if (c.training()) {
            long channels = mean.shape().dim(0);
            NDArray total = Dispatch.one(new CrossWorkerSum(), Movement.concat(0, dbeta, dgamma));
            NDArray share = total.div(c.output(5));
            NDArray ofMean = Channels.perChannel(share.slice(0, 0, channels), x);
            NDArray ofScale = Channels.perChannel(share.slice(0, channels, 2 * channels), x);
            g = dy.sub(ofMean).sub(normal.mul(ofScale));
        }
        NDArray dx = g.mul(Channels.perChannel(inverse.mul(c.input(1)), x));
        return new NDArray[] {Channels.like(x, dx), dgamma, dbeta, null, null};
    }
}
