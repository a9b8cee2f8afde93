package io.kiln.kernels;

import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Shape;
import io.kiln.op.activation.LogSoftmax;
import io.kiln.op.activation.Softmax;
import io.kiln.op.index.ArgSort;
import io.kiln.op.reduce.CumulativeMax;
import io.kiln.op.reduce.CumulativeMin;
import io.kiln.op.reduce.CumulativeProduct;
import io.kiln.op.reduce.CumulativeSum;
import java.util.ArrayList;
import java.util.List;

/** Kernels over the rows along an axis, in {@code rows.cl}: softmax, running sums, orders. */
final class RowKernels {
    private static final int GROUP = 64;

    /** Elements of a row from which on a group shares it. */
    private static final long LONG_ROW = 128;

    /** Elements of a row up to which comparing each with each pays; the CPU sorts longer ones. */
    private static final long MOST_SORTED = 2048;

    private final Kernels kernels;

    RowKernels(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Adds the kernels. */
    void contribute(KernelTable table) {
        table.add(Softmax.class, (o, in, out) -> softmax(in[0], ((Softmax) o).axis(), ""));
        table.add(LogSoftmax.class, (o, in, out) -> softmax(in[0], ((LogSoftmax) o).axis(), " -DLOGARITHM"));
        table.add(CumulativeSum.class, (o, in, out) -> {
            CumulativeSum sum = (CumulativeSum) o;
            return running(in[0], sum.axis(), out[0].dtype(), sum.exclusive(), sum.reverse(), false);
        });
        table.add(
                CumulativeProduct.class,
                (o, in, out) -> running(in[0], ((CumulativeProduct) o).axis(), out[0].dtype(), false, false, true));
        table.add(CumulativeMax.class, (o, in, out) -> extreme(in[0], ((CumulativeMax) o).axis(), true));
        table.add(CumulativeMin.class, (o, in, out) -> extreme(in[0], ((CumulativeMin) o).axis(), false));
        table.add(ArgSort.class, (o, in, out) -> order(in[0], (ArgSort) o));
    }

    private KernelPlan softmax(Layout x, int someAxis, String more) {
        int axis = x.shape().axis(someAxis);
        boolean shared = x.shape().dim(axis) >= LONG_ROW;
        String macros = ComputeType.of(x.dtype()).macros() + types(x.dtype(), x.dtype()) + more;
        return plan(x, axis, shared ? "softmax_long" : "softmax_short", macros, shared ? GROUP : 1);
    }

    private KernelPlan running(Layout x, int axis, DType y, boolean exclusive, boolean reverse, boolean product) {
        boolean wide = x.dtype().isFloating() && kernels.device().hasDoubles();
        ComputeType type = wide ? ComputeType.DOUBLE : ComputeType.of(x.dtype());
        String macros = type.macros()
                + types(x.dtype(), y)
                + flag("EXCLUSIVE", exclusive)
                + flag("REVERSE", reverse)
                + flag("PRODUCT", product);
        return plan(x, x.shape().axis(axis), "running_sum", macros, 1);
    }

    private KernelPlan extreme(Layout x, int axis, boolean largest) {
        String macros = ComputeType.of(x.dtype()).macros() + types(x.dtype(), x.dtype()) + flag("LARGEST", largest);
        return plan(x, x.shape().axis(axis), "running_extreme", macros, 1);
    }

    private static String flag(String macro, boolean value) {
        return " -D" + macro + "=" + (value ? 1 : 0);
    }

    private KernelPlan order(Layout x, ArgSort operator) {
        int axis = x.shape().axis(operator.axis());
        long n = x.shape().dim(axis);
        String macros = ComputeType.of(x.dtype()).macros()
                + types(x.dtype(), DType.INT64)
                + flag("DESCENDING", operator.descending());
        return n > MOST_SORTED ? null : plan(x, axis, "sort_places", macros, n);
    }

    private static String types(DType from, DType to) {
        return " -DIN=" + from.ordinal() + " -DOUT=" + to.ordinal();
    }

    private KernelPlan plan(Layout x, int axis, String kernel, String macros, long itemsOfRow) {
        Shape shape = x.shape();
        boolean[] reduced = new boolean[shape.rank()];
        reduced[axis] = true;
        Places places = new Places(x, reduced);
        if (places.isTooMuch()) {
            return null;
        }
        long behind = 1;
        for (int i = axis + 1; i < shape.rank(); i++) {
            behind *= shape.dim(i);
        }
        long inner = behind;
        String all = macros + " -DKERNEL_" + kernel;
        return KernelPlan.rowMajor((in, out, workspace) -> {
            if (out[0].size() == 0) {
                return;
            }
            List<Object> arguments = new ArrayList<>(List.of(in[0], out[0], places.of(in[0], out[0]), inner));
            if (out.length > 1) {
                arguments.add(out[1]);
                arguments.add(Grid.start(out[1]));
            }
            String source = kernels.programs().resource(Places.FILE)
                    + kernels.programs().resource("rows.cl");
            kernels.programs()
                    .ofSource(source, all, kernel)
                    .run(kernels.items(places.outputs() * itemsOfRow), new long[] {GROUP}, arguments.toArray());
        });
    }
}
