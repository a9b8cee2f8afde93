package io.kiln.cpu.kernel;

import io.kiln.backend.KernelPlan;
import io.kiln.backend.Span;
import io.kiln.cpu.Fallback;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Operator;

/** Products of float32 matrices so small that a oneDNN call takes longer than the arithmetic. */
final class SmallMatMul {

    /** Number of multiplications up to which this kernel is faster (measured: 8×8 by 8×8 is 512). */
    private static final long MOST = 1024;

    private static final KernelPlan PLAN = KernelPlan.rowMajor(SmallMatMul::run);

    private SmallMatMul() {}

    static KernelPlan plan(Operator operator, Layout[] inputs, Spec[] outputs, Fallback fallback) {
        Layout a = inputs[0];
        Layout b = inputs[1];
        if (a.shape().rank() != 2 || b.shape().rank() != 2 || a.dtype() != DType.FLOAT32 || b.dtype() != a.dtype()) {
            return null;
        }
        long rows = a.shape().dim(0);
        long depth = a.shape().dim(1);
        long columns = b.shape().dim(1);
        if (rows > MOST || depth > MOST || columns > MOST || rows * depth * columns > MOST || columns == 0) {
            return null;
        }
        return PLAN;
    }

    private static void run(NDArray[] inputs, NDArray[] outputs, Span workspace) {
        NDArray y = outputs[0];
        int rows = (int) y.shape().dim(0);
        int columns = (int) y.shape().dim(1);
        float[] result = new float[rows * columns];
        multiply(read(inputs[0]), read(inputs[1]), result, rows, columns, (int)
                inputs[0].shape().dim(1));
        Memory.put(result, 0, y.address(), result.length);
    }

    private static float[] read(NDArray x) {
        int rows = (int) x.shape().dim(0);
        int columns = (int) x.shape().dim(1);
        float[] values = new float[rows * columns];
        if (x.isContiguous()) {
            Memory.get(x.address(), values, 0, values.length);
            return values;
        }
        long rowStep = 4 * x.strides()[0];
        long columnStep = 4 * x.strides()[1];
        for (int i = 0; i < rows; i++) {
            long from = x.address() + i * rowStep;
            for (int j = 0; j < columns; j++) {
                values[i * columns + j] = Memory.getFloat(from + j * columnStep);
            }
        }
        return values;
    }

    /** Four columns at a time, so that four sums are computed in parallel. */
    private static void multiply(float[] a, float[] b, float[] c, int rows, int columns, int depth) {
        for (int i = 0; i < rows; i++) {
            int j = 0;
            for (; j + 4 <= columns; j += 4) {
                float s0 = 0;
                float s1 = 0;
                float s2 = 0;
                float s3 = 0;
                for (int k = 0; k < depth; k++) {
                    float x = a[i * depth + k];
                    int at = k * columns + j;
                    s0 += x * b[at];
                    s1 += x * b[at + 1];
                    s2 += x * b[at + 2];
                    s3 += x * b[at + 3];
                }
                int to = i * columns + j;
                c[to] = s0;
                c[to + 1] = s1;
                c[to + 2] = s2;
                c[to + 3] = s3;
            }
            for (; j < columns; j++) {
                float sum = 0;
                for (int k = 0; k < depth; k++) {
                    sum += a[i * depth + k] * b[k * columns + j];
                }
                c[i * columns + j] = sum;
            }
        }
    }
}
