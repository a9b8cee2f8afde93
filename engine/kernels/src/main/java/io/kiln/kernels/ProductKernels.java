package io.kiln.kernels;

import io.kiln.backend.KernelPlan;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.linalg.MatMul;

/** Products of matrices, in {@code matmul.cl}. */
final class ProductKernels {
    private static final int TILE = 16;
    private static final int MOST_AXES = 6;
    private static final long MOST_BATCHES = 1 << 10;

    /** Rows of a grid, which takes turns over more: CUDA's has at most 65,535 groups along its second dimension. */
    private static final long MOST_ROWS = TILE << 12;

    private final Kernels kernels;

    ProductKernels(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Adds the kernels. */
    void contribute(KernelTable table) {
        table.add(MatMul.class, (o, in, out) -> matMul(in[0], in[1], out[0]));
    }

    private KernelPlan matMul(Layout a, Layout b, Spec y) {
        Shape shape = y.shape();
        int axes = shape.rank() - 2;
        if (axes > MOST_AXES) {
            return null;
        }
        ComputeType type = ComputeType.of(y.dtype());
        String macros = type.macros() + " -DA_TYPE=" + a.dtype().ordinal() + " -DB_TYPE="
                + b.dtype().ordinal() + " -DY_TYPE=" + y.dtype().ordinal();
        long[] p = new long[12 + 3 * MOST_AXES];
        p[0] = shape.dim(-2);
        p[1] = shape.dim(-1);
        p[2] = a.shape().dim(-1);
        p[3] = 1;
        p[5] = stride(a, -2);
        p[6] = stride(a, -1);
        p[8] = stride(b, -2);
        p[9] = stride(b, -1);
        p[11] = axes;
        for (int d = 0; d < axes; d++) {
            p[3] *= shape.dim(d);
            p[12 + d] = shape.dim(d);
            p[12 + MOST_AXES + d] = batchStride(a, d - axes - 2);
            p[12 + 2 * MOST_AXES + d] = batchStride(b, d - axes - 2);
        }
        long[] global = {up(p[1]), Math.min(up(p[0]), MOST_ROWS), Math.min(p[3], MOST_BATCHES)};
        return KernelPlan.rowMajor((in, out, workspace) -> {
            if (out[0].size() == 0) {
                return;
            }
            long[] q = p.clone();
            q[4] = Grid.start(in[0]);
            q[7] = Grid.start(in[1]);
            q[10] = Grid.start(out[0]);
            kernels.programs()
                    .ofResource("matmul.cl", macros, "matmul")
                    .run(global, new long[] {TILE, TILE, 1}, in[0], in[1], out[0], q);
        });
    }

    private static long up(long n) {
        return (n + TILE - 1) / TILE * TILE;
    }

    /** The step along an axis, counted from the end. */
    private static long stride(Layout x, int axis) {
        return x.strides()[x.strides().length + axis];
    }

    private static long batchStride(Layout x, int axis) {
        boolean repeated = x.shape().rank() + axis < 0 || x.shape().dim(axis) == 1;
        return repeated ? 0 : stride(x, axis);
    }
}
