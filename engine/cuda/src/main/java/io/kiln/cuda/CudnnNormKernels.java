package io.kiln.cuda;

import io.kiln.autograd.Autograd;
import io.kiln.backend.KernelPlan;
import io.kiln.kernels.ChannelsLast;
import io.kiln.kernels.KernelTable;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.internal.BatchNormGradient;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.Arrays;
import jcuda.jcudnn.JCudnn;

/**
 * Batch normalization by cuDNN, in both modes, and the gradient of train mode. The statistics that cuDNN saves for its gradient are outputs
 * of the operator. Declined, and so composed of other operators: statistics in another type than cuDNN's, one element per channel, which
 * has no sample variance, an epsilon below cuDNN's least, the gradient of predict mode, and sizes beyond cuDNN's.
 */
final class CudnnNormKernels {
    /** The most blocks along the second and third axis of a grid, which is where cuDNN's kernels put the batch. */
    private static final long MOST_EXAMPLES = 65_535;

    private static final PointwiseProgram COPIES = PointwiseProgram.of(Expr.input(0), Expr.input(1));

    private final CudaBackend backend;

    CudnnNormKernels(CudaBackend backend) {
        this.backend = backend;
    }

    /** Adds the kernels. */
    void contribute(KernelTable table) {
        table.add(BatchNormOp.class, this::forward);
        table.add(BatchNormGradient.class, this::backward);
    }

    private KernelPlan forward(Operator operator, Layout[] in, Spec... out) {
        BatchNormOp norm = (BatchNormOp) operator;
        BatchNorms.Problem problem = problem(norm.epsilon(), in[0], in[1], in[2], in[3], in[4]);
        if (problem == null) {
            return null;
        }
        double n = (double) problem.batch() * problem.elements();
        PointwiseProgram population = norm.population() ? population(n, norm.momentum()) : null;
        PointwiseProgram statistics = PointwiseProgram.of(
                Expr.input(0),
                Expr.input(1),
                Expr.input(0),
                Expr.input(1).add(norm.epsilon()).rsqrt());
        return new KernelPlan(ChannelsLast.strides(problem.channelsLast(), out), 0, (given, results, workspace) -> {
            if (Autograd.isTraining()) {
                backend.run(COPIES, new NDArray[] {given[3], given[4]}, new NDArray[] {results[1], results[2]});
                backend.orders().run(problem.training(), p -> train(norm, p, given, results));
                if (population != null) {
                    backend.run(population, new NDArray[] {results[2], given[4]}, new NDArray[] {results[2]});
                }
            } else {
                backend.orders().run(problem, p -> predict(norm, p, given, results[0]));
                backend.run(statistics, new NDArray[] {given[3], given[4]}, new NDArray[] {
                    results[1], results[2], results[3], results[4]
                });
            }
        });
    }

    /** The running variance of a population, of that of a sample, which cuDNN gives, and the old one. */
    private static PointwiseProgram population(double n, double momentum) {
        return PointwiseProgram.of(
                Expr.input(0).mul((n - 1) / n).add(Expr.input(1).mul(momentum / n)));
    }

    private void train(BatchNormOp norm, BatchNorms.Problem problem, NDArray[] given, NDArray... results) {
        try (DenseArrays a = new DenseArrays(problem.channelsLast(), Arrays.copyOf(given, 3), results)) {
            a.submit(backend, cudnn -> cudnn.norms()
                    .train(
                            problem,
                            norm.epsilon(),
                            1 - norm.momentum(),
                            new BatchNorms.Parameters(a.address(1), a.address(2)),
                            new BatchNorms.Statistics(a.address(4), a.address(5), a.address(6), a.address(7)),
                            a.address(0),
                            a.address(3)));
        }
    }

    private void predict(BatchNormOp norm, BatchNorms.Problem problem, NDArray[] given, NDArray y) {
        try (DenseArrays a = new DenseArrays(problem.channelsLast(), given, y)) {
            a.submit(backend, cudnn -> cudnn.norms()
                    .predict(
                            problem,
                            norm.epsilon(),
                            new BatchNorms.Parameters(a.address(1), a.address(2)),
                            a.address(3),
                            a.address(4),
                            a.address(0),
                            a.address(5)));
        }
    }

    private KernelPlan backward(Operator operator, Layout[] in, Spec... out) {
        BatchNormGradient gradient = (BatchNormGradient) operator;
        BatchNorms.Problem problem =
                gradient.training() ? problem(gradient.epsilon(), in[1], in[2], in[3], in[4]) : null;
        if (problem == null || in[0].dtype() != in[1].dtype()) {
            return null;
        }
        return new KernelPlan(
                ChannelsLast.strides(problem.channelsLast(), out), 0, (given, results, workspace) -> backend.orders()
                        .run(problem.training(), p -> differentiate(gradient.epsilon(), p, given, results)));
    }

    private void differentiate(double epsilon, BatchNorms.Problem problem, NDArray[] given, NDArray... results) {
        try (DenseArrays a = new DenseArrays(problem.channelsLast(), given, results)) {
            a.submit(backend, cudnn -> cudnn.norms()
                    .backward(
                            problem,
                            epsilon,
                            new BatchNorms.Gradients(
                                    a.address(0),
                                    a.address(1),
                                    a.address(2),
                                    a.address(3),
                                    a.address(4),
                                    a.address(5),
                                    a.address(6),
                                    a.address(7))));
        }
    }

    private static BatchNorms.Problem problem(double epsilon, Layout x, Layout... statistics) {
        DType type = x.dtype() == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
        for (Layout s : statistics) {
            if (s.dtype() != type) {
                return null;
            }
        }
        Shape shape = x.shape();
        long size = shape.size();
        if (size == 0
                || size > Integer.MAX_VALUE
                || size == shape.dim(1)
                || shape.dim(0) > MOST_EXAMPLES
                || !(epsilon >= JCudnn.CUDNN_BN_MIN_EPSILON)) {
            return null;
        }
        return new BatchNorms.Problem(
                Cudnn.type(x.dtype()),
                (int) shape.dim(0),
                (int) shape.dim(1),
                (int) (size / shape.dim(0) / shape.dim(1)),
                ChannelsLast.isKept(x),
                false);
    }
}
