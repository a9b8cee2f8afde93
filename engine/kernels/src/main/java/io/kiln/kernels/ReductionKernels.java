package io.kiln.kernels;

import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.reduce.ArgMax;
import io.kiln.op.reduce.ArgMin;
import io.kiln.op.reduce.Max;
import io.kiln.op.reduce.Min;
import io.kiln.op.reduce.Prod;
import io.kiln.op.reduce.Sum;
import java.util.List;
import java.util.stream.LongStream;

/** Reductions over axes, in {@code reduce.cl}. */
final class ReductionKernels {
    private static final String FILE = "reduce.cl";
    private static final int GROUP = 64;

    /** Elements of a result from which on a whole group adds them up. */
    private static final long LONG_ROW = 64;

    private final Kernels kernels;

    ReductionKernels(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Adds the kernels. */
    void contribute(KernelTable table) {
        table.add(Sum.class, (o, in, out) -> plan(Kind.SUM, in[0], ((Sum) o).axes(), out[0]));
        table.add(Prod.class, (o, in, out) -> plan(Kind.PRODUCT, in[0], ((Prod) o).axes(), out[0]));
        table.add(Max.class, (o, in, out) -> plan(Kind.MAXIMUM, in[0], ((Max) o).axes(), out[0]));
        table.add(Min.class, (o, in, out) -> plan(Kind.MINIMUM, in[0], ((Min) o).axes(), out[0]));
        table.add(ArgMax.class, (o, in, out) -> place(Kind.MAXIMUM, in[0], ((ArgMax) o).axis()));
        table.add(ArgMin.class, (o, in, out) -> place(Kind.MINIMUM, in[0], ((ArgMin) o).axis()));
    }

    private static String source(Kernels kernels) {
        return kernels.programs().resource(Places.FILE) + kernels.programs().resource(FILE);
    }

    /** What is done, in the order of the numbers in the source. */
    private enum Kind {
        SUM,
        PRODUCT,
        MAXIMUM,
        MINIMUM
    }

    private KernelPlan plan(Kind kind, Layout x, List<Long> axes, Spec y) {
        boolean[] reduced = new boolean[x.shape().rank()];
        for (int i = 0; i < reduced.length; i++) {
            reduced[i] = axes.isEmpty();
        }
        for (long axis : axes) {
            reduced[x.shape().axis((int) axis)] = true;
        }
        boolean wide = kind == Kind.PRODUCT
                && x.dtype().isFloating()
                && kernels.device().hasDoubles();
        ComputeType type = wide ? ComputeType.DOUBLE : ComputeType.of(x.dtype());
        return plan(kind, type, x, reduced, y.dtype(), null);
    }

    private KernelPlan place(Kind kind, Layout x, int axis) {
        boolean[] reduced = new boolean[x.shape().rank()];
        reduced[x.shape().axis(axis)] = true;
        return plan(kind, ComputeType.of(x.dtype()), x, reduced, DType.INT64, "extreme_place");
    }

    private KernelPlan plan(Kind kind, ComputeType type, Layout x, boolean[] reduced, DType y, String kernel) {
        Places places = new Places(x, reduced);
        if (places.isTooMuch()) {
            return null;
        }
        boolean byGroup = kernel == null && places.count() >= LONG_ROW;
        String name = kernel != null ? kernel : byGroup ? "reduce_long" : "reduce_short";
        String macros =
                type.macros() + " -DOP=" + kind.ordinal() + " -DIN=" + x.dtype().ordinal() + " -DOUT=" + y.ordinal();
        return KernelPlan.rowMajor((in, out, workspace) -> {
            if (places.outputs() == 0) {
                return;
            }
            long[] global = kernels.items(byGroup ? places.outputs() * GROUP : places.outputs());
            kernels.programs()
                    .ofSource(source(kernels), macros, name)
                    .run(global, new long[] {GROUP}, in[0], out[0], places.of(in[0], out[0]));
        });
    }

    /** The axes over which the gradient of a bias is summed. */
    static List<Long> allButChannels(NDArray x) {
        return LongStream.range(0, x.shape().rank()).filter(i -> i != 1).boxed().toList();
    }
}
