package io.kiln.cuda;

import io.kiln.backend.Context;
import io.kiln.backend.KernelPlan;
import io.kiln.backend.Span;
import io.kiln.kernels.KernelTable;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.op.linalg.MatMul;

/**
 * Products of matrices by cuBLAS. Declined, and so left to the shared kernel: operands of two dtypes, and sizes beyond those of an int.
 * Matrices that have no contiguous axis are copied first.
 */
final class CublasKernels {
    private final CudaBackend backend;

    CublasKernels(CudaBackend backend) {
        this.backend = backend;
    }

    /** Adds the kernels. */
    void contribute(KernelTable table) {
        table.add(MatMul.class, (o, in, out) -> matMul(in[0], in[1], out[0]));
    }

    private KernelPlan matMul(Layout a, Layout b, Spec y) {
        if (a.dtype() != y.dtype() || b.dtype() != y.dtype()) {
            return null;
        }
        for (long size :
                new long[] {y.shape().dim(-2), y.shape().dim(-1), a.shape().dim(-1)}) {
            if (size > Integer.MAX_VALUE) {
                return null;
            }
        }
        return KernelPlan.rowMajor((in, out, workspace) -> run(in[0], in[1], out[0]));
    }

    private void run(NDArray givenA, NDArray givenB, NDArray y) {
        if (y.size() == 0) {
            return;
        }
        CudaQueue queue = (CudaQueue) Context.current().queue(backend);
        if (givenA.shape().dim(-1) == 0) {
            long start = y.address() - y.storage().address();
            queue.fill(new Span(y.storage(), start, y.size() * y.dtype().bytes()), (byte) 0);
            return;
        }
        NDArray a = suited(givenA);
        NDArray b = suited(givenB);
        try {
            new Product(a, b, y).run(queue);
            queue.used(a.storage());
            queue.used(b.storage());
            queue.used(y.storage());
        } finally {
            closeCopy(a, givenA);
            closeCopy(b, givenB);
        }
    }

    private static void closeCopy(NDArray copy, NDArray given) {
        if (copy != given) {
            copy.close();
        }
    }

    /** The matrices, or a row-major copy where cuBLAS cannot walk them. */
    private static NDArray suited(NDArray x) {
        return isSuited(x.shape(), x.strides()) ? x : Dispatch.withoutGradient(new Copy(), x);
    }

    private static boolean isSuited(Shape shape, long... strides) {
        int rank = strides.length;
        long rows = shape.dim(-2);
        long columns = shape.dim(-1);
        long row = strides[rank - 2];
        long column = strides[rank - 1];
        boolean byRows = (column == 1 || columns == 1) && (rows == 1 || row >= columns && row <= Integer.MAX_VALUE);
        boolean byColumns = (row == 1 || rows == 1) && (columns == 1 || column >= rows && column <= Integer.MAX_VALUE);
        return byRows || byColumns;
    }

    /** The calls that a product takes: one for all batches that lie in even steps. */
    private static final class Product {
        private final NDArray a;
        private final NDArray b;
        private final NDArray y;
        private final int axes;
        private final long rows;
        private final long columns;
        private final long inner;

        Product(NDArray a, NDArray b, NDArray y) {
            this.a = a;
            this.b = b;
            this.y = y;
            axes = y.shape().rank() - 2;
            rows = y.shape().dim(-2);
            columns = y.shape().dim(-1);
            inner = a.shape().dim(-1);
        }

        void run(CudaQueue queue) {
            long[] dims = new long[axes];
            long[] aSteps = new long[axes];
            long[] bSteps = new long[axes];
            int n = 0;
            for (int d = 0; d < axes; d++) {
                long dim = y.shape().dim(d);
                if (dim == 1) {
                    continue;
                }
                long aStep = batchStep(a, d - axes - 2);
                long bStep = batchStep(b, d - axes - 2);
                boolean goesOn = n > 0 && aSteps[n - 1] == aStep * dim && bSteps[n - 1] == bStep * dim;
                n += goesOn ? 0 : 1;
                dims[n - 1] = goesOn ? dims[n - 1] * dim : dim;
                aSteps[n - 1] = aStep;
                bSteps[n - 1] = bStep;
            }
            if (n == 1 && bSteps[0] == 0 && oneBelowTheOther(aSteps[0], dims[0])) {
                call(queue, rows * dims[0], 1, 0, 0, 0, 0, 0);
                return;
            }
            long outer = 1;
            for (int d = 0; d < n - 1; d++) {
                outer *= dims[d];
            }
            long batches = n == 0 ? 1 : dims[n - 1];
            for (long i = 0; i < outer; i++) {
                long aAt = 0;
                long bAt = 0;
                long rest = i;
                for (int d = n - 2; d >= 0; d--) {
                    aAt += rest % dims[d] * aSteps[d];
                    bAt += rest % dims[d] * bSteps[d];
                    rest /= dims[d];
                }
                long yAt = i * batches * rows * columns;
                call(queue, rows, batches, aAt, bAt, yAt, n == 0 ? 0 : aSteps[n - 1], n == 0 ? 0 : bSteps[n - 1]);
            }
        }

        /** Whether the matrices of a are parts of one with more rows. */
        private boolean oneBelowTheOther(long aStep, long batches) {
            long[] strides = a.strides();
            long row = strides[strides.length - 2];
            return isByRows(a) && rows > 1 && aStep == rows * row && rows * batches <= Integer.MAX_VALUE;
        }

        private void call(
                CudaQueue queue, long height, long batches, long aAt, long bAt, long yAt, long aStep, long bStep) {
            for (long done = 0; done < batches; done += Integer.MAX_VALUE) {
                int now = (int) Math.min(Integer.MAX_VALUE, batches - done);
                queue.submitProduct(new Products.Call(
                        y.dtype(),
                        (int) height,
                        (int) columns,
                        (int) inner,
                        now,
                        matrix(a, aAt + done * aStep, aStep, height, inner),
                        matrix(b, bAt + done * bStep, bStep, inner, columns),
                        new Products.Matrix(place(y, yAt + done * rows * columns), false, columns, rows * columns)));
            }
        }

        private static Products.Matrix matrix(NDArray x, long at, long batchStep, long height, long width) {
            long[] strides = x.strides();
            boolean byRows = isByRows(x);
            long step = byRows ? strides[strides.length - 2] : strides[strides.length - 1];
            long least = byRows ? width : height;
            boolean single = byRows ? height == 1 : width == 1;
            return new Products.Matrix(place(x, at), !byRows, single ? Math.max(1, least) : step, batchStep);
        }

        private static boolean isByRows(NDArray x) {
            long[] strides = x.strides();
            int rank = strides.length;
            long height = x.shape().dim(-2);
            long width = x.shape().dim(-1);
            return (strides[rank - 1] == 1 || width == 1) && (height == 1 || strides[rank - 2] >= width);
        }

        private static long place(NDArray x, long elements) {
            return (x.address() & Long.MAX_VALUE) + elements * x.dtype().bytes();
        }

        private static long batchStep(NDArray x, int axis) {
            boolean repeated = x.shape().rank() + axis < 0 || x.shape().dim(axis) == 1;
            return repeated ? 0 : x.strides()[x.strides().length + axis];
        }
    }
}
