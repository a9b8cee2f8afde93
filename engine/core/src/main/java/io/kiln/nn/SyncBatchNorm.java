package io.kiln.nn;

/**
 * {@link BatchNorm} with the statistics of the batches of all workers in the thread's
 * {@linkplain io.kiln.op.distributed.Workers group}; a single worker computes the same as {@link BatchNorm}. Formula,
 * modes and statistics as in {@link io.kiln.op.distributed.SyncBatchNormOp}. Shapes: x[N,C,…], y as x; gamma, beta,
 * running_mean and running_variance [C].
 */
public final class SyncBatchNorm extends BatchStatisticsNorm {
    /** Creates a layer with momentum 0.9 and epsilon 1e-5. */
    public SyncBatchNorm() {
        this(0.9, 1e-5);
    }

    /**
     * Creates a layer.
     *
     * @param momentum weight of the old running statistics, in [0, 1]
     * @param epsilon added to the variance, above 0
     */
    public SyncBatchNorm(double momentum, double epsilon) {
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
    public SyncBatchNorm(double momentum, double epsilon, boolean population) {
        super(new io.kiln.op.distributed.SyncBatchNormOp(epsilon, momentum, population), momentum, epsilon);
    }
}
