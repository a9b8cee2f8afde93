package io.kiln.nn;

/**
 * Batch normalisation over all axes except the channels (axis 1): formula, modes and statistics as in
 * {@link io.kiln.op.nn.BatchNormOp}. Shapes: x[N,C,…], y as x; gamma, beta, running_mean and running_variance [C].
 */
public final class BatchNorm extends BatchStatisticsNorm {
    /** Creates a layer with momentum 0.9 and epsilon 1e-5. */
    public BatchNorm() {
        this(0.9, 1e-5);
    }

    /**
     * Creates a layer.
     *
     * @param momentum weight of the old running statistics, in [0, 1]
     * @param epsilon added to the variance, above 0
     */
    public BatchNorm(double momentum, double epsilon) {
        this(momentum, epsilon, false);
    }

    /**
     * Creates a layer.
     *
     * @param momentum weight of the old running statistics, in [0, 1]
     * @param epsilon added to the variance, above 0
     * @param population whether the running variance uses the population variance, as in MXNet, instead of the sample
     *     variance, as in PyTorch
     */
    public BatchNorm(double momentum, double epsilon, boolean population) {
        super(new io.kiln.op.nn.BatchNormOp(epsilon, momentum, population), momentum, epsilon);
    }
}
