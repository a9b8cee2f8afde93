package io.kiln.nn;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.symbol.Role;

/**
 * {@link BatchNorm} with the statistics of the batches of all workers of the thread's {@linkplain io.kiln.op.Workers
 * group}; a worker alone computes what {@link BatchNorm} computes. Formula, modes and statistics as in {@link
 * io.kiln.op.SyncBatchNorm}. Shapes: x[N,C,…], y as x; gamma, beta, running_mean and running_variance [C].
 */
public final class SyncBatchNorm extends Block {
    private final io.kiln.op.SyncBatchNorm operator;
    private final Parameter gamma;
    private final Parameter beta;
    private final Parameter runningMean;
    private final Parameter runningVariance;

    /** A layer with momentum 0.9 and epsilon 1e-5. */
    public SyncBatchNorm() {
        this(0.9, 1e-5);
    }

    /**
     * A layer.
     *
     * @param momentum weight of the old running statistics, in [0, 1]
     * @param epsilon added to the variance, above 0
     */
    public SyncBatchNorm(double momentum, double epsilon) {
        if (!(momentum >= 0 && momentum <= 1 && epsilon > 0)) {
            throw new IllegalArgumentException(
                    "syncBatchNorm: momentum must be in [0, 1] and epsilon above 0, got momentum " + momentum
                            + ", epsilon " + epsilon);
        }
        operator = new io.kiln.op.SyncBatchNorm(epsilon, momentum);
        gamma = add("gamma", Role.GAMMA);
        beta = add("beta", Role.BETA);
        runningMean = add("running_mean", Role.RUNNING_MEAN);
        runningVariance = add("running_variance", Role.RUNNING_VARIANCE);
    }

    private Parameter add(String name, Role role) {
        return addParameter(new Parameter(name, role, Initializers.defaultFor(role)));
    }

    @Override
    public NDArray forward(NDArray x) {
        Shape channels = Shape.of(x.shape().dim(1));
        // The running statistics are copied, as the tape must not see them change.
        NDArray[] y = Dispatch.run(
                operator,
                x,
                gamma.complete(channels).data(),
                beta.complete(channels).data(),
                runningMean.complete(channels).data().copy(),
                runningVariance.complete(channels).data().copy());
        if (x.isTraced() || Autograd.isTraining()) {
            runningMean.update(y[1]);
            runningVariance.update(y[2]);
        }
        return y[0];
    }
}
