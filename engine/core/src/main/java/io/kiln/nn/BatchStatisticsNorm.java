package io.kiln.nn;

import io.kiln.autograd.Autograd;
import io.kiln.init.Initializer;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.Role;

/**
 * The base of layers that normalise with the batch's statistics and keep running ones: their parameters, and how these
 * are updated.
 */
abstract sealed class BatchStatisticsNorm extends Block permits BatchNorm, SyncBatchNorm {
    private final Operator operator;
    private final Parameter gamma = add("gamma", Role.GAMMA);
    private final Parameter beta = add("beta", Role.BETA);
    private final Parameter runningMean = add("running_mean", Role.RUNNING_MEAN);
    private final Parameter runningVariance = add("running_variance", Role.RUNNING_VARIANCE);

    /** Uses an operator that returns y and the new running statistics. */
    BatchStatisticsNorm(Operator operator, double momentum, double epsilon) {
        if (!(momentum >= 0 && momentum <= 1 && epsilon > 0)) {
            throw new IllegalArgumentException(operator.name()
                    + ": momentum must be in [0, 1] and epsilon above 0, got momentum " + momentum + ", epsilon "
                    + epsilon);
        }
        this.operator = operator;
    }

    private Parameter add(String name, Role role) {
        return addParameter(new Parameter(name, role, Initializer.defaultFor(role)));
    }

    @Override
    public final NDArray forward(NDArray x) {
        Shape channels = Shape.of(x.shape().dim(1));
        // The running statistics are copied, because the tape must not see them change.
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
