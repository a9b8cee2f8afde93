package io.kiln.cpu.tile;

import io.kiln.backend.KernelPlan;
import io.kiln.cpu.KernelTable;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.index.ArgSort;
import io.kiln.op.index.TopK;
import io.kiln.op.reduce.ArgMax;
import io.kiln.op.reduce.ArgMin;
import io.kiln.op.reduce.CumulativeSum;

/** Kernels that read whole rows along an axis: arg-extrema, running sums, sort orders. */
public final class AxisKernels {
    private AxisKernels() {}

    /**
     * Adds the kernels.
     *
     * @param table the table
     */
    public static void contribute(KernelTable table) {
        table.addRoutine(ArgMax.class, (o, in, out) -> extreme(in[0], ((ArgMax) o).axis(), true, out[0]));
        table.addRoutine(ArgMin.class, (o, in, out) -> extreme(in[0], ((ArgMin) o).axis(), false, out[0]));
        table.addRoutine(CumulativeSum.class, (o, in, out) -> runningSum(in[0], (CumulativeSum) o, out[0]));
        table.addRoutine(ArgSort.class, (o, in, out) -> argSort(in[0], (ArgSort) o, out[0]));
        table.add(TopK.class, (o, in, out, fallback) -> {
            TopK top = (TopK) o;
            boolean declines = top.k() == 0 || top.k() > Selection.MOST;
            return declines ? null : KernelPlan.rowMajor((x, y, workspace) -> topK(x[0], top, y[0], y[1]));
        });
    }

    private static void extreme(NDArray x, int axis, boolean largest, NDArray y) {
        AxisRows rows = new AxisRows(x, x.shape().axis(axis));
        rows.share(AxisRows.compute(x.dtype()), (lanes, from, to) -> {
            for (long r = from; r < to; r++) {
                Memory.putLong(y.address() + r * Long.BYTES, lanes.extreme(rows, r, largest));
            }
        });
    }

    private static void runningSum(NDArray x, CumulativeSum operator, NDArray y) {
        int axis = x.shape().axis(operator.axis());
        AxisRows in = new AxisRows(x, axis);
        AxisRows out = new AxisRows(y, axis);
        // Rounded once per element: running sums of float32 are carried in float64.
        DType compute = x.dtype().isFloating() ? DType.FLOAT64 : DType.INT64;
        in.share(compute, (lanes, from, to) -> {
            for (long r = from; r < to; r++) {
                RunningSum.run(lanes, in, out, r, operator.exclusive(), operator.reverse(), x.dtype(), y.dtype());
            }
        });
    }

    private static void argSort(NDArray x, ArgSort operator, NDArray y) {
        int axis = x.shape().axis(operator.axis());
        AxisRows in = new AxisRows(x, axis);
        AxisRows out = new AxisRows(y, axis);
        DType compute = x.dtype().isFloating() ? DType.FLOAT64 : DType.INT64;
        in.share(compute, (lanes, from, to) -> {
            SortedOrder order = new SortedOrder(in.length, operator.descending());
            for (long r = from; r < to; r++) {
                order.run(lanes, in, out, r);
            }
        });
    }

    private static void topK(NDArray x, TopK operator, NDArray values, NDArray indices) {
        int axis = x.shape().axis(operator.axis());
        AxisRows in = new AxisRows(x, axis);
        AxisRows best = new AxisRows(values, axis);
        AxisRows places = new AxisRows(indices, axis);
        DType compute = x.dtype().isFloating() ? DType.FLOAT64 : DType.INT64;
        in.share(compute, (lanes, from, to) -> {
            Selection selection = new Selection((int) operator.k(), operator.largest());
            for (long r = from; r < to; r++) {
                selection.run(lanes, in, best, places, x.dtype().bytes(), r);
            }
        });
    }
}
