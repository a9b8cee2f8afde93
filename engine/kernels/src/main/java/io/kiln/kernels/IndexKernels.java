package io.kiln.kernels;

import io.kiln.backend.Context;
import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.op.index.Gather;
import io.kiln.op.index.Scatter;
import io.kiln.op.index.ScatterAdd;
import io.kiln.op.index.ScatterMode;
import io.kiln.op.internal.CheckedIndices;

/** Taking and putting entries by index, in {@code index.cl}. An index out of range is told at the next synchronization. */
final class IndexKernels {
    private static final String FILE = "index.cl";
    private static final int GROUP = 64;
    private static final int PARAMETERS = 9;
    private static final String[] UNSIGNED = {"uchar", "ushort", null, "uint", null, null, null, "ulong"};

    private final Kernels kernels;

    IndexKernels(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Adds the kernels. */
    void contribute(KernelTable table) {
        table.add(
                CheckedIndices.class,
                (o, in, out) -> KernelPlan.rowMajor((x, y, workspace) -> checked((CheckedIndices) o, x[0], y[0])));
        table.add(
                Gather.class,
                (o, in, out) -> KernelPlan.rowMajor((x, y, workspace) -> gather(x[0], x[1], (Gather) o, y[0])));
        table.add(
                ScatterAdd.class,
                (o, in, out) -> KernelPlan.rowMajor(
                        (x, y, workspace) -> scatter("scatterAdd", x, ((ScatterAdd) o).axis(), ScatterMode.ADD, y[0])));
        table.add(
                Scatter.class,
                (o, in, out) -> KernelPlan.rowMajor(
                        (x, y, workspace) -> scatter("scatter", x, ((Scatter) o).axis(), ((Scatter) o).mode(), y[0])));
    }

    private void checked(CheckedIndices operator, NDArray x, NDArray y) {
        Dispatch.into(new Copy(), new NDArray[] {x}, y);
        check(operator.operation(), operator.argument(), y, 0, operator.count());
    }

    /** An array seen as [outer, n, inner] around an axis. */
    private static long[] parameters(Shape shape, int axis, NDArray indices, long least) {
        long[] p = new long[PARAMETERS];
        p[0] = 1;
        p[1] = shape.dim(axis);
        p[2] = 1;
        for (int i = 0; i < shape.rank(); i++) {
            p[0] *= i < axis ? shape.dim(i) : 1;
            p[2] *= i > axis ? shape.dim(i) : 1;
        }
        p[3] = indices.size();
        p[5] = Grid.start(indices);
        p[7] = indices.dtype() == DType.INT64 ? 1 : 0;
        p[8] = least;
        return p;
    }

    /** An array whose elements lie one after another. */
    static NDArray rowMajor(NDArray x) {
        return x.isContiguous() ? x : Dispatch.withoutGradient(new Copy(), x);
    }

    static void close(NDArray copy, NDArray given) {
        if (copy != given) {
            copy.close();
        }
    }

    private void gather(NDArray x, NDArray given, Gather operator, NDArray y) {
        int axis = x.shape().axis(operator.axis());
        NDArray indices = rowMajor(given);
        NDArray from = rowMajor(x);
        long least = operator.fromEnd() ? -x.shape().dim(axis) : 0;
        long[] p = parameters(x.shape(), axis, indices, least);
        check("gather (axis " + axis + ")", indices, least, p[1]);
        p[4] = Grid.start(from);
        p[6] = Grid.start(y);
        if (y.size() > 0) {
            run("gather", "-DE=" + UNSIGNED[x.dtype().bytes() - 1], y.size(), from, indices, y, p);
        }
        close(indices, given);
        close(from, x);
    }

    private void scatter(String operation, NDArray[] in, int someAxis, ScatterMode mode, NDArray y) {
        Dispatch.into(new Copy(), new NDArray[] {in[0]}, y);
        int axis = y.shape().axis(someAxis);
        NDArray indices = rowMajor(in[1]);
        NDArray updates = rowMajor(in[2]);
        long[] p = parameters(y.shape(), axis, indices, -y.shape().dim(axis));
        check(operation + " (axis " + axis + ")", indices, p[8], p[1]);
        p[4] = Grid.start(updates);
        p[6] = Grid.start(y);
        if (y.size() > 0 && indices.size() > 0) {
            String macros = ComputeType.of(y.dtype()).macros() + " -DE=uchar -DTYPE="
                    + y.dtype().ordinal() + " -DMODE=" + mode.ordinal();
            run("scatter", macros, p[0] * p[2], updates, indices, y, p);
        }
        close(indices, in[1]);
        close(updates, in[2]);
    }

    /** Overwrites rows of a row-major array. */
    void putRows(NDArray to, NDArray numbers, NDArray rows) {
        if (!to.isContiguous() || to.dtype() != rows.dtype()) {
            throw new IllegalArgumentException(
                    "putRows: needs a row-major array and rows of its dtype, got " + to.spec() + " and " + rows.spec());
        }
        NDArray indices = rowMajor(numbers);
        NDArray from = rowMajor(rows);
        long[] p = parameters(to.shape(), 0, indices, 0);
        check("putRows (axis 0)", indices, 0, p[1]);
        p[4] = Grid.start(from);
        p[6] = Grid.start(to);
        if (from.size() > 0) {
            run("put", "-DE=" + UNSIGNED[to.dtype().bytes() - 1], from.size(), from, indices, to, p);
        }
        close(indices, numbers);
        close(from, rows);
    }

    private void check(String operation, NDArray indices, long least, long n) {
        check(operation, "indices", indices, least, n);
    }

    /** Checks that row-major integers are from {@code least} to {@code n - 1}. */
    void check(String operation, String argument, NDArray indices, long least, long n) {
        if (indices.size() == 0) {
            return;
        }
        CheckedQueue queue = (CheckedQueue) Context.current().queue(kernels.device());
        ValueChecks checks = queue.checks();
        long[] p = new long[PARAMETERS];
        p[1] = n;
        p[3] = indices.size();
        p[5] = Grid.start(indices);
        p[6] = checks.add(operation, argument, indices.shape(), least, n - 1);
        p[7] = indices.dtype() == DType.INT64 ? 1 : 0;
        p[8] = least;
        kernels.programs()
                .ofResource(FILE, "-DE=uchar", "check")
                .run(new long[] {GROUP}, new long[] {GROUP}, indices, checks.slots(), p);
    }

    private void run(String kernel, String macros, long items, Object... arguments) {
        kernels.programs().ofResource(FILE, macros, kernel).run(kernels.items(items), new long[] {GROUP}, arguments);
    }
}
