package io.kiln.cpu.tile;

import io.kiln.backend.Kernel;
import io.kiln.backend.KernelPlan;
import io.kiln.cpu.KernelTable;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.reduce.Max;
import io.kiln.op.reduce.Mean;
import io.kiln.op.reduce.Min;
import io.kiln.op.reduce.Norm;
import io.kiln.op.reduce.Prod;
import io.kiln.op.reduce.Sum;
import java.util.List;

/** Reductions over axes. */
public final class ReductionKernels {
    private ReductionKernels() {}

    /**
     * Adds the reductions.
     *
     * @param table the table
     */
    public static void contribute(KernelTable table) {
        table.add(Sum.class, (o, in, out, f) -> plan(Folder.Kind.SUM, in[0], ((Sum) o).axes(), out[0]));
        table.add(Mean.class, (o, in, out, f) -> plan(Folder.Kind.MEAN, in[0], ((Mean) o).axes(), out[0]));
        table.add(Prod.class, (o, in, out, f) -> plan(Folder.Kind.PROD, in[0], ((Prod) o).axes(), out[0]));
        table.add(Max.class, (o, in, out, f) -> plan(Folder.Kind.MAX, in[0], ((Max) o).axes(), out[0]));
        table.add(Min.class, (o, in, out, f) -> plan(Folder.Kind.MIN, in[0], ((Min) o).axes(), out[0]));
        table.add(Norm.class, (o, in, out, f) -> {
            Norm norm = (Norm) o;
            if (norm.p() != 1 && norm.p() != 2) {
                return null;
            }
            return plan(norm.p() == 1 ? Folder.Kind.NORM1 : Folder.Kind.NORM2, in[0], norm.axes(), out[0]);
        });
    }

    static KernelPlan plan(Folder.Kind kind, Layout x, List<Long> axes, Spec y) {
        Kernel kernel = (in, out, workspace) -> {
            Reduction reduction = new Reduction(in[0].layout(), in[0].address(), axes);
            reduction.run(
                    Folder.factory(kind, compute(kind, x.dtype()), reduction.count(), y.dtype()), out[0].address());
        };
        if (y.shape().rank() <= 1 || x.isContiguous()) {
            return KernelPlan.rowMajor(kernel);
        }
        long[] kept = x.shape().dims();
        for (int i = 0; i < kept.length; i++) {
            kept[i] = axes.isEmpty() || axes.contains((long) i) ? 1 : kept[i];
        }
        long[] strides = new Reduction(x, 0, axes).keptStrides(Shape.of(kept));
        return new KernelPlan(new long[][] {without(strides, kept, axes, y.shape())}, 0, kernel);
    }

    /** Removes the reduced axes unless the result keeps them. */
    private static long[] without(long[] strides, long[] kept, List<Long> axes, Shape y) {
        if (y.rank() == kept.length) {
            return strides;
        }
        long[] s = new long[y.rank()];
        int n = 0;
        for (int i = 0; i < kept.length; i++) {
            if (!axes.isEmpty() && !axes.contains((long) i)) {
                s[n++] = strides[i];
            }
        }
        return s;
    }

    private static DType compute(Folder.Kind kind, DType x) {
        return switch (kind) {
            case SUM, MAX, MIN -> x.isFloating() ? x.promote(DType.FLOAT32) : DType.INT64;
            case PROD -> x.isFloating() ? DType.FLOAT64 : DType.INT64;
            case MEAN, NORM1, NORM2 -> x.isFloating() ? x.promote(DType.FLOAT32) : DType.FLOAT64;
        };
    }
}
