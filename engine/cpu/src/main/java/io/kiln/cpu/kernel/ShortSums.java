package io.kiln.cpu.kernel;

import io.kiln.backend.KernelPlan;
import io.kiln.cpu.EngineThreads;
import io.kiln.cpu.Fallback;
import io.kiln.cpu.onednn.Reduction;
import io.kiln.cpu.onednn.Tensor;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Operator;
import io.kiln.op.reduce.Mean;
import io.kiln.op.reduce.Sum;
import java.util.Arrays;
import java.util.List;

/**
 * Sums and means of few elements each, over the first or the last axes of row-major float32 arrays: the gradients of
 * biases, the means of losses. Over the last axes oneDNN is fast; over the first axes adding rows is. They are computed
 * in float32; long sums are left to the tiles, which compute in double.
 */
final class ShortSums {

    /** Maximum number of elements of one sum; in float32 its relative error stays below about 1e-5. */
    private static final long LONGEST = 4096;

    /** Total number of elements below which the tiles are as fast. */
    private static final long WORTH = 1024;

    /** Columns at a time: five rows of them stay in the first-level cache. */
    private static final int WIDTH = 1024;

    /** The sums and four rows; they belong to the thread, so that calls do not allocate them. */
    private static final ThreadLocal<float[][]> SCRATCH = ThreadLocal.withInitial(() -> new float[5][WIDTH]);

    /** Minimum number of additions for a thread. */
    private static final long GRAIN = 1 << 15;

    private ShortSums() {}

    static KernelPlan sum(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return plan(operator, inputs[0], ((Sum) operator).axes(), outputs[0], false, fallback);
    }

    static KernelPlan mean(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        return plan(operator, inputs[0], ((Mean) operator).axes(), outputs[0], true, fallback);
    }

    private static KernelPlan plan(
            Operator operator, Layout x, List<Long> axes, Spec output, boolean mean, Fallback fallback) {
        Shape shape = x.shape();
        int rank = shape.rank();
        if (x.dtype() != DType.FLOAT32
                || output.dtype() != DType.FLOAT32
                || x.size() < WORTH
                || axes.isEmpty()
                || !x.isContiguous()
                || !Operands.served(DType.FLOAT32)) {
            return null;
        }
        boolean[] reduced = new boolean[rank];
        for (long axis : axes) {
            reduced[shape.axis((int) axis)] = true;
        }
        int changes = 0;
        long length = 1;
        for (int i = 0; i < rank; i++) {
            length *= reduced[i] ? shape.dim(i) : 1;
            changes += i > 0 && reduced[i] != reduced[i - 1] ? 1 : 0;
        }
        if (changes > 1 || length > LONGEST) {
            return null;
        }
        long each = length;
        long kept = x.size() / length;
        if (reduced[0] && changes == 1) {
            return KernelPlan.rowMajor((in, out, workspace) -> overFirst(in[0], out[0], each, kept, mean));
        }
        return fallback.attempt(operator, null, (in, out, workspace) -> overLast(in[0], out[0], each, kept, mean));
    }

    private static boolean overLast(NDArray x, NDArray y, long length, long kept, boolean mean) {
        return Reduction.run(
                mean ? Reduction.Kind.MEAN : Reduction.Kind.SUM,
                Tensor.rowMajor(DType.FLOAT32, x.address(), kept, length),
                Tensor.rowMajor(DType.FLOAT32, y.address(), kept, 1));
    }

    /** Adds rows in a fixed order, four at a time; the columns are divided among threads. */
    private static void overFirst(NDArray x, NDArray y, long length, long kept, boolean mean) {
        EngineThreads.parallel().forRange(kept, Math.max(WIDTH / 4, GRAIN / length), (from, to) -> {
            for (long column = from; column < to; column += WIDTH) {
                int width = (int) Math.min(WIDTH, to - column);
                float[] sums = columns(x.address() + 4 * column, 4 * kept, (int) length, width);
                for (int j = 0; mean && j < width; j++) {
                    sums[j] /= length;
                }
                Memory.put(sums, 0, y.address() + 4 * column, width);
            }
        });
    }

    private static float[] columns(long from, long step, int rows, int width) {
        float[][] rowsAtOnce = SCRATCH.get();
        float[] sums = rowsAtOnce[0];
        float[] a = rowsAtOnce[1];
        float[] b = rowsAtOnce[2];
        float[] c = rowsAtOnce[3];
        float[] d = rowsAtOnce[4];
        Arrays.fill(sums, 0, width, 0);
        int row = 0;
        for (; row + 4 <= rows; row += 4) {
            Memory.get(from + row * step, a, 0, width);
            Memory.get(from + (row + 1) * step, b, 0, width);
            Memory.get(from + (row + 2) * step, c, 0, width);
            Memory.get(from + (row + 3) * step, d, 0, width);
            for (int j = 0; j < width; j++) {
                sums[j] += (a[j] + b[j]) + (c[j] + d[j]);
            }
        }
        for (; row < rows; row++) {
            Memory.get(from + row * step, a, 0, width);
            for (int j = 0; j < width; j++) {
                sums[j] += a[j];
            }
        }
        return sums;
    }
}
