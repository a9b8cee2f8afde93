package io.kiln.op.table;

import static io.kiln.op.table.Argument.real;
import static io.kiln.op.table.Argument.whole;

import io.kiln.ndarray.DType;
import io.kiln.op.internal.AvgPoolGradient;
import io.kiln.op.internal.MaxPoolGather;
import io.kiln.op.internal.MaxPoolGradient;
import io.kiln.op.nn.AvgPool;
import io.kiln.op.nn.MaxPool;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Rows of pooling and its gradients. */
final class PoolingRows {
    private PoolingRows() {}

    static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (int dims = 1; dims <= 3; dims++) {
            rows.add(max(dims, 2, 2, 0).on(image(dims, 4)).on(image(dims, 5)));
            rows.add(average(dims, 2, 2, 0, true).on(image(dims, 4)).on(image(dims, 5)));
        }
        rows.add(max(2, 3, 2, 1).on(image(2, 5)).on(real(-2, 2, 2, 17, 9, 11)));
        rows.add(max(2, 3, 1, 0).on(image(2, 4)));
        rows.add(average(2, 3, 2, 1, true).on(image(2, 5)).on(real(-2, 2, 2, 17, 9, 11)));
        rows.add(average(2, 3, 2, 1, false).on(image(2, 5)));
        rows.add(average(2, 3, 1, 0, false).on(image(2, 4)));
        rows.add(averageGradient(2, 2, 0, true));
        rows.add(averageGradient(3, 1, 1, true));
        rows.add(averageGradient(3, 1, 1, false));
        rows.add(Row.of(new MaxPoolGradient(all(2, 2), all(2, 2), all(2, 0), List.of(4L, 6L)))
                .torch("torch.col2im(torch.reshape(torch.eq(torch.reshape(x1, [1, 2, 1, 6]),"
                        + " torch.reshape(torch.arange(4), [1, 1, 4, 1])).to(x0.dtype)"
                        + " * torch.reshape(x0, [1, 2, 1, 6]), [1, 8, 6]), [4, 6], [2, 2], [1, 1], [0, 0], [2, 2])")
                .on(real(-2, 2, 1, 2, 2, 3), whole(DType.UINT8, 0, 4, 1, 2, 2, 3)));
        rows.add(Row.of(new MaxPoolGradient(all(2, 2), all(2, 1), all(2, 0), List.of(3L, 4L)))
                .torch("torch.col2im(torch.reshape(torch.eq(torch.reshape(x1, [1, 2, 1, 6]),"
                        + " torch.reshape(torch.arange(4), [1, 1, 4, 1])).to(x0.dtype)"
                        + " * torch.reshape(x0, [1, 2, 1, 6]), [1, 8, 6]), [3, 4], [2, 2], [1, 1], [0, 0], [1, 1])")
                .on(real(-2, 2, 1, 2, 2, 3), whole(DType.UINT8, 0, 4, 1, 2, 2, 3)));
        rows.add(Row.of(new MaxPoolGather(all(2, 2), all(2, 1), all(2, 0)))
                .torch("torch.reshape(torch.gather(torch.reshape(torch.im2col(x0, [2, 2], [1, 1], [0, 0], [1, 1]),"
                        + " [1, 2, 4, 6]), 2, torch.reshape(x1, [1, 2, 1, 6]).to(4)), [1, 2, 2, 3])")
                .on(real(-2, 2, 1, 2, 3, 4), whole(DType.UINT8, 0, 4, 1, 2, 2, 3)));
        rows.add(torch("max_pool1d", new MaxPool(all(1, 3), all(1, 2), all(1, 1), all(1, 2), true))
                .on(real(-2, 2, 1, 2, 8))
                .on(real(-2, 2, 2, 1, 7)));
        rows.add(torch("max_pool2d", new MaxPool(all(2, 2), all(2, 3), all(2, 0), all(2, 1), true))
                .on(real(-2, 2, 2, 3, 5, 6))
                .on(real(-2, 2, 1, 17, 8, 4)));
        rows.add(torch("max_pool2d", new MaxPool(all(2, 3), all(2, 2), all(2, 1), all(2, 1), true))
                .on(real(-2, 2, 1, 2, 6, 5)));
        rows.add(torch("max_pool2d", new MaxPool(all(2, 2), all(2, 1), all(2, 1), all(2, 2), false))
                .on(real(-2, 2, 1, 2, 5, 4)));
        rows.add(torch("max_pool3d", new MaxPool(all(3, 2), all(3, 2), all(3, 0), all(3, 1), true))
                .on(real(-2, 2, 1, 2, 3, 4, 5)));
        for (boolean countPad : new boolean[] {false, true}) {
            rows.add(ceil(1, 3, 2, 1, countPad, 0).on(real(-2, 2, 1, 2, 6)));
            rows.add(ceil(2, 3, 2, 1, countPad, 0).on(real(-2, 2, 1, 2, 6, 5)).on(real(-2, 2, 2, 17, 8, 4)));
            rows.add(ceil(2, 2, 3, 0, countPad, 5).on(real(-2, 2, 1, 2, 5, 6)));
            rows.add(ceil(3, 2, 2, 0, countPad, 0).on(real(-2, 2, 1, 1, 3, 4, 5)));
        }
        rows.add(torch("avg_pool2d", new AvgPool(all(2, 3), all(2, 2), all(2, 1), true, List.of(), false, 7))
                .on(real(-2, 2, 1, 2, 6, 5)));
        rows.add(Row.of(new AvgPool(all(2, 2), all(2, 1), all(2, 1), true, all(2, 2), false, 0))
                .torch("torch.reshape(torch.mean(torch.reshape(torch.im2col(x0, [2, 2], [2, 2], [1, 1], [1, 1]),"
                        + " [1, 2, 4, 20]), 2), [1, 2, 5, 4])")
                .on(real(-2, 2, 1, 2, 5, 4)));
        rows.add(Row.of(new AvgPoolGradient(all(2, 3), all(2, 2), all(2, 1), true, List.of(6L, 5L), List.of(), true, 0))
                .torch("torch.avg_pool2d_backward(x0, torch.zeros([1, 2, 6, 5], dtype=x0.dtype), [3, 3], [2, 2],"
                        + " [1, 1], True, True, None)")
                .on(real(-2, 2, 1, 2, 4, 3)));
        rows.add(Row.of(new MaxPoolGradient(all(1, 2), all(1, 1), all(1, 0), List.of(5L), all(1, 2)))
                .torch("torch.reshape(torch.scatter_add(torch.zeros([1, 2, 5], dtype=x0.dtype), 2,"
                        + " torch.reshape(torch.arange(3), [1, 1, 3]) + 2 * x1.to(4), x0), [1, 2, 5])")
                .on(real(-2, 2, 1, 2, 3), whole(DType.UINT8, 0, 2, 1, 2, 3)));
        rows.add(Row.of(new MaxPoolGather(all(1, 2), all(1, 1), all(1, 0), all(1, 2)))
                .torch("torch.gather(x0, 2, torch.reshape(torch.arange(3), [1, 1, 3]) + 2 * x1.to(4))")
                .on(real(-2, 2, 1, 2, 5), whole(DType.UINT8, 0, 2, 1, 2, 3)));
        return rows;
    }

    private static Row torch(String function, MaxPool pool) {
        return Row.of(pool)
                .torch("torch." + function + "(x0, " + pool.kernel() + ", " + pool.stride() + ", " + pool.pad() + ", "
                        + pool.dilation() + ", " + python(pool.ceilMode()) + ")")
                .gradientOf(1);
    }

    private static Row torch(String function, AvgPool pool) {
        String divisor = function.endsWith("1d") ? "" : ", " + (pool.divisor() == 0 ? "None" : pool.divisor());
        return Row.of(pool)
                .torch("torch." + function + "(x0, " + pool.kernel() + ", " + pool.stride() + ", " + pool.pad() + ", "
                        + python(pool.ceilMode()) + ", " + python(pool.countPad()) + divisor + ")");
    }

    private static Row ceil(int dims, long kernel, long stride, long pad, boolean countPad, long divisor) {
        return torch(
                "avg_pool" + dims + "d",
                new AvgPool(all(dims, kernel), all(dims, stride), all(dims, pad), countPad, List.of(), true, divisor));
    }

    private static String python(boolean b) {
        return b ? "True" : "False";
    }

    private static List<Long> all(int dims, long value) {
        return Collections.nCopies(dims, value);
    }

    private static Argument image(int dims, long size) {
        long[] shape = {1, 2, size, size - 1, 2};
        return real(-2, 2, java.util.Arrays.copyOf(shape, dims + 2));
    }

    private static Row max(int dims, long kernel, long stride, long pad) {
        return Row.of(new MaxPool(all(dims, kernel), all(dims, stride), all(dims, pad)))
                .torch("torch.max_pool" + dims + "d(x0, " + all(dims, kernel) + ", " + all(dims, stride) + ", "
                        + all(dims, pad) + ")")
                .gradientOf(1);
    }

    private static Row average(int dims, long kernel, long stride, long pad, boolean countPad) {
        return Row.of(new AvgPool(all(dims, kernel), all(dims, stride), all(dims, pad), countPad))
                .torch("torch.avg_pool" + dims + "d(x0, " + all(dims, kernel) + ", " + all(dims, stride) + ", "
                        + all(dims, pad) + ", False, " + (countPad ? "True" : "False") + ")");
    }

    private static Row averageGradient(long kernel, long stride, long pad, boolean countPad) {
        long out = (4 + 2 * pad - kernel) / stride + 1;
        return Row.of(new AvgPoolGradient(all(2, kernel), all(2, stride), all(2, pad), countPad, List.of(4L, 4L)))
                .torch("torch.avg_pool2d_backward(x0, torch.zeros([1, 2, 4, 4], dtype=x0.dtype), " + all(2, kernel)
                        + ", " + all(2, stride) + ", " + all(2, pad) + ", False, " + (countPad ? "True" : "False")
                        + ", None)")
                .on(real(-2, 2, 1, 2, out, out));
    }
}
