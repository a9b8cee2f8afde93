package io.kiln.cuda;

import io.kiln.backend.KernelPlan;
import io.kiln.kernels.ChannelsLast;
import io.kiln.kernels.KernelTable;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.ConvolutionWeightGradient;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import io.kiln.op.reduce.Sum;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Convolutions, transposed ones and the gradients of weights by cuDNN. Declined, and so left to the shared kernels: arrays of two dtypes or
 * without elements, and sizes beyond those of an int. Arrays of 16-bit types have their channels last, as tensor cores want them, and so have
 * results; others are row-major. Arrays with gaps, in another order or at an odd address are copied first, such as weights of 16 bits that no cast of a
 * compiled program makes. Bias and activation are one pointwise program.
 */
final class CudnnKernels {
    private final CudaBackend backend;

    CudnnKernels(CudaBackend backend) {
        this.backend = backend;
    }

    /** Adds the kernels. */
    void contribute(KernelTable table) {
        table.add(Convolution.class, this::convolution);
        table.add(ConvolutionTranspose.class, this::transposed);
        table.add(ConvolutionWeightGradient.class, this::weightGradient);
        table.addChannelsLast(Convolution.class);
        table.addChannelsLast(ConvolutionTranspose.class);
        table.addChannelsLast(ConvolutionWeightGradient.class);
    }

    private KernelPlan convolution(Operator operator, Layout[] in, Spec... out) {
        Convolution c = (Convolution) operator;
        ConvolutionProblem problem = problem(
                ConvolutionProblem.Direction.FORWARD,
                in[0].dtype() == in[1].dtype() ? out[0].dtype() : null,
                in[0].shape(),
                in[1].shape(),
                out[0].shape(),
                c.stride(),
                c.pad(),
                c.dilation(),
                c.groups());
        PointwiseProgram rest = rest(in.length > 2, c.activation());
        return problem == null
                ? null
                : new KernelPlan(ChannelsLast.strides(problem.channelsLast(), out), 0, (given, results, workspace) -> {
                    run(problem, given[0], given[1], results[0]);
                    finish(rest, given, results[0]);
                });
    }

    private KernelPlan transposed(Operator operator, Layout[] in, Spec... out) {
        ConvolutionTranspose c = (ConvolutionTranspose) operator;
        ConvolutionProblem problem = problem(
                ConvolutionProblem.Direction.DATA,
                in[0].dtype() == in[1].dtype() ? out[0].dtype() : null,
                out[0].shape(),
                in[1].shape(),
                in[0].shape(),
                c.stride(),
                c.pad(),
                c.dilation(),
                c.groups());
        PointwiseProgram rest = rest(in.length > 2, Activation.NONE);
        return problem == null
                ? null
                : new KernelPlan(ChannelsLast.strides(problem.channelsLast(), out), 0, (given, results, workspace) -> {
                    run(problem, results[0], given[1], given[0]);
                    finish(rest, given, results[0]);
                });
    }

    private KernelPlan weightGradient(Operator operator, Layout[] in, Spec... out) {
        ConvolutionWeightGradient c = (ConvolutionWeightGradient) operator;
        ConvolutionProblem problem = problem(
                ConvolutionProblem.Direction.WEIGHTS,
                in[0].dtype() == in[1].dtype() ? out[0].dtype() : null,
                in[0].shape(),
                out[0].shape(),
                in[1].shape(),
                c.stride(),
                c.pad(),
                c.dilation(),
                c.groups());
        return problem == null
                ? null
                : new KernelPlan(ChannelsLast.strides(problem.channelsLast(), out), 0, (given, results, workspace) -> {
                    run(problem, given[0], results[0], given[1]);
                    if (c.bias()) {
                        Dispatch.into(new Sum(allButChannels(given[1]), false), new NDArray[] {given[1]}, results[1]);
                    }
                });
    }

    private static List<Long> allButChannels(NDArray y) {
        return LongStream.range(0, y.shape().rank()).filter(d -> d != 1).boxed().toList();
    }

    private static ConvolutionProblem problem(
            ConvolutionProblem.Direction direction,
            DType dtype,
            Shape x,
            Shape w,
            Shape y,
            List<Long> stride,
            List<Long> pad,
            List<Long> dilation,
            long groups) {
        return dtype == null
                ? null
                : ConvolutionProblem.of(
                        direction,
                        Cudnn.type(dtype),
                        x.dims(),
                        w.dims(),
                        y.dims(),
                        stride,
                        pad,
                        dilation,
                        groups,
                        ChannelsLast.isFor(dtype));
    }

    /** What follows the convolution; null if nothing does. */
    private static PointwiseProgram rest(boolean bias, Activation activation) {
        Expr y = bias ? Expr.input(0).add(Expr.input(1)) : Expr.input(0);
        return switch (activation) {
            case NONE -> bias ? PointwiseProgram.of(y) : null;
            case RELU -> PointwiseProgram.of(y.max(0));
            case SIGMOID -> PointwiseProgram.of(y.sigmoid());
            case TANH -> PointwiseProgram.of(y.tanh());
        };
    }

    private void finish(PointwiseProgram rest, NDArray[] given, NDArray y) {
        if (rest == null) {
            return;
        }
        if (given.length == 2) {
            backend.run(rest, new NDArray[] {y}, new NDArray[] {y});
            return;
        }
        long[] strides = new long[y.shape().rank()];
        strides[1] = given[2].strides()[0];
        try (NDArray bias = given[2].view(y.shape(), strides, 0)) {
            backend.run(rest, new NDArray[] {y, bias}, new NDArray[] {y});
        }
    }

    /** One of the three is the result, which has the problem's order and no gaps. */
    private void run(ConvolutionProblem problem, NDArray x, NDArray w, NDArray y) {
        if (backend.choices().lack(problem) || !isGiven(problem, x, w, y)) {
            isGiven(problem.rowMajor(), x, w, y);
        }
    }

    private boolean isGiven(ConvolutionProblem problem, NDArray x, NDArray w, NDArray y) {
        boolean last = problem.channelsLast();
        return switch (problem.direction()) {
            case FORWARD -> {
                try (DenseArrays a = new DenseArrays(last, new NDArray[] {x, w}, y)) {
                    yield isGiven(problem, a, a.address(0), a.address(1), a.address(2));
                }
            }
            case DATA -> {
                try (DenseArrays a = new DenseArrays(last, new NDArray[] {w, y}, x)) {
                    yield isGiven(problem, a, a.address(2), a.address(0), a.address(1));
                }
            }
            case WEIGHTS -> {
                try (DenseArrays a = new DenseArrays(last, new NDArray[] {x, y}, w)) {
                    yield isGiven(problem, a, a.address(0), a.address(2), a.address(1));
                }
            }
        };
    }

    private boolean isGiven(ConvolutionProblem problem, DenseArrays arrays, long x, long w, long y) {
        return Convolutions.submit(backend, arrays, new Convolutions.Call(problem, x, w, y));
    }
}
