package io.kiln.kernels;

import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Cast;
import io.kiln.op.Dispatch;
import io.kiln.op.internal.ClassIndices;
import io.kiln.op.internal.SoftmaxCrossEntropyGradient;
import io.kiln.op.nn.SoftmaxCrossEntropyOp;

/**
 * Cross-entropy of softmax probabilities, in {@code cross_entropy.cl}. A label out of range is told at the next
 * synchronization.
 */
final class CrossEntropyKernels {
    private static final int GROUP = 64;

    /** Classes from which on a group shares a row. */
    private static final long LONG_ROW = 128;

    private final Kernels kernels;
    private final IndexKernels indices;

    CrossEntropyKernels(Kernels kernels, IndexKernels indices) {
        this.kernels = kernels;
        this.indices = indices;
    }

    /** Adds the kernels. */
    void contribute(KernelTable table) {
        table.add(SoftmaxCrossEntropyOp.class, (o, in, out) -> loss(in[0]));
        table.add(SoftmaxCrossEntropyGradient.class, (o, in, out) -> gradient(in[1]));
    }

    private KernelPlan loss(Layout logits) {
        long classes = logits.shape().dim(-1);
        boolean shared = classes >= LONG_ROW;
        String name = shared ? "cross_entropy_long" : "cross_entropy_short";
        return KernelPlan.rowMajor((in, out, workspace) -> {
            NDArray x = IndexKernels.rowMajor(in[0]);
            NDArray label = labels(in[1], classes);
            indices.check("softmaxCrossEntropy", "labels", label, 0, classes);
            if (x.size() > 0) {
                long[] p = {
                    label.size(),
                    classes,
                    Grid.start(label),
                    wide(label),
                    Grid.start(x),
                    Grid.start(out[0]),
                    Grid.start(out[1])
                };
                run(name, x.dtype(), label.size() * (shared ? GROUP : 1), x, label, out[0], out[1], p);
            }
            IndexKernels.close(label, in[1]);
            IndexKernels.close(x, in[0]);
        });
    }

    private KernelPlan gradient(Layout probabilities) {
        long classes = probabilities.shape().dim(-1);
        return KernelPlan.rowMajor((in, out, workspace) -> {
            NDArray dloss = IndexKernels.rowMajor(in[0]);
            NDArray y = IndexKernels.rowMajor(in[1]);
            NDArray label = labels(in[2], classes);
            if (y.size() > 0) {
                long[] p = {
                    label.size(),
                    classes,
                    Grid.start(label),
                    wide(label),
                    Grid.start(dloss),
                    Grid.start(out[0]),
                    Grid.start(y)
                };
                run("cross_entropy_gradient", y.dtype(), y.size(), dloss, y, label, out[0], p);
            }
            IndexKernels.close(label, in[2]);
            IndexKernels.close(y, in[1]);
            IndexKernels.close(dloss, in[0]);
        });
    }

    /** Labels as integers of 32 or 64 bits. */
    private static NDArray labels(NDArray given, long classes) {
        if (given.dtype().isFloating()) {
            return Dispatch.withoutGradient(new ClassIndices("softmaxCrossEntropy", classes), given);
        }
        return given.dtype() == DType.INT32 || given.dtype() == DType.INT64
                ? IndexKernels.rowMajor(given)
                : Dispatch.withoutGradient(new Cast(DType.INT64), given);
    }

    private static long wide(NDArray label) {
        return label.dtype() == DType.INT64 ? 1 : 0;
    }

    private void run(String kernel, DType dtype, long items, Object... arguments) {
        String macros = ComputeType.of(dtype).macros() + " -DGROUP=" + GROUP + " -DTYPE=" + dtype.ordinal()
                + " -DKERNEL_" + kernel;
        kernels.programs()
                .ofResource("cross_entropy.cl", macros, kernel)
                .run(kernels.items(items), new long[] {GROUP}, arguments);
    }
}
