package io.kiln.cuda;

import io.kiln.backend.KernelPlan;
import io.kiln.kernels.ChannelsLast;
import io.kiln.kernels.KernelTable;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.internal.AvgPoolGradient;
import io.kiln.op.nn.AvgPool;
import java.util.List;

/**
 * Average pooling and its gradient by cuDNN. Declined, and so left to the shared kernels, is what cuDNN does not know: dilation, windows
 * that reach beyond the border in ceil mode, a divisor of one's own, bfloat16, for which its reference does not name pooling. Maxima are
 * not cuDNN's at all, as it does not tell where they stood: {@link io.kiln.op.nn.MaxPool}'s second result, and what its gradient takes.
 */
final class CudnnPoolKernels {
    private final CudaBackend backend;

    CudnnPoolKernels(CudaBackend backend) {
        this.backend = backend;
    }

    /** Adds the kernels. */
    void contribute(KernelTable table) {
        table.add(AvgPool.class, (operator, in, out) -> {
            AvgPool o = (AvgPool) operator;
            AveragePools.Problem problem = isSimple(o.dilation(), o.divisor(), in[0].dtype())
                    ? problem(in[0], in[0].shape(), out[0].shape(), o)
                    : null;
            return problem == null ? null : plan(problem, out[0], AveragePools::forward);
        });
        table.add(AvgPoolGradient.class, (operator, in, out) -> {
            AvgPoolGradient o = (AvgPoolGradient) operator;
            AvgPool pool =
                    new AvgPool(o.kernel(), o.stride(), o.pad(), o.countPad(), o.dilation(), o.ceilMode(), o.divisor());
            AveragePools.Problem problem = isSimple(o.dilation(), o.divisor(), in[0].dtype())
                    ? problem(in[0], out[0].shape(), in[0].shape(), pool)
                    : null;
            return problem == null ? null : plan(problem, out[0], AveragePools::backward);
        });
    }

    private static boolean isSimple(List<Long> dilation, long divisor, DType dtype) {
        return divisor == 0 && dilation.stream().allMatch(d -> d == 1) && dtype.isFloating() && dtype != DType.BFLOAT16;
    }

    /** The result has the order of what is given. */
    private static AveragePools.Problem problem(Layout given, Shape x, Shape y, AvgPool o) {
        return AveragePools.Problem.of(
                Cudnn.type(given.dtype()),
                x.dims(),
                y.dims(),
                o.kernel(),
                o.pad(),
                o.stride(),
                o.countPad(),
                ChannelsLast.isKept(given));
    }

    /** Gives a pooling its arrays. */
    private interface Call {
        void run(AveragePools pools, AveragePools.Problem problem, long from, long to);
    }

    private KernelPlan plan(AveragePools.Problem problem, Spec out, Call call) {
        return new KernelPlan(
                ChannelsLast.strides(problem.channelsLast(), out), 0, (given, results, workspace) -> backend.orders()
                        .run(problem, p -> {
                            try (DenseArrays a = new DenseArrays(p.channelsLast(), given, results[0])) {
                                a.submit(backend, cudnn -> call.run(cudnn.pools(), p, a.address(0), a.address(1)));
                            }
                        }));
    }
}
