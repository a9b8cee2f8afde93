// Generated from src/main/templates/…/XMath.java.template, do not edit.
// After a change of the template: mvn test -pl engine/cpu -am -Dtest=SpecializationsTest -Dkiln.write=true
package io.kiln.cpu.kernel;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.internal.Memory;

/** Loops over {@code float[]}. */
@SuppressWarnings("cast") // the template converts where one of its types needs it
final class FloatMath implements HeapMath {

    static final FloatMath INSTANCE = new FloatMath();

    /** Rows of b that one pass over a row of c takes; more would not fit into the registers. */
    private static final int DEPTH = 4;

    /** Columns at a time, so that the parts of b and c in use stay in the first-level cache. */
    private static final int WIDTH = 1024;

    private FloatMath() {}

    @Override
    public Object read(NDArray array) {
        return array.toFloatArray();
    }

    @Override
    public Object zeros(int length) {
        return new float[length];
    }

    @Override
    public void gather(Object from, int fromStart, int[] places, Object to, int toStart) {
        float[] x = (float[]) from;
        float[] y = (float[]) to;
        for (int i = 0; i < places.length; i++) {
            int place = places[i];
            y[toStart + i] = place < 0 ? 0 : x[fromStart + place];
        }
    }

    @Override
    public void scatterAdd(Object from, int fromStart, int[] places, Object to, int toStart) {
        float[] x = (float[]) from;
        float[] y = (float[]) to;
        for (int i = 0; i < places.length; i++) {
            if (places[i] >= 0) {
                y[toStart + places[i]] += x[fromStart + i];
            }
        }
    }

    @Override
    public void multiply(Object a, int aStart, Object b, int bStart, Object c, int cStart, int m, int n, int k) {
        for (int column = 0; column < n; column += WIDTH) {
            int width = Math.min(WIDTH, n - column);
            for (int row = 0; row < m; row++) {
                rowTimesMatrix(
                        (float[]) a,
                        aStart + row * k,
                        (float[]) b,
                        bStart + column,
                        (float[]) c,
                        cStart + row * n + column,
                        width,
                        n,
                        k);
            }
        }
    }

    private static void rowTimesMatrix(
            float[] a, int aRow, float[] b, int bStart, float[] c, int cRow, int width, int n, int k) {
        int depth = 0;
        for (; depth + DEPTH <= k; depth += DEPTH) {
            int b0 = bStart + depth * n;
            addFour(a, aRow + depth, b, b0, b0 + n, b0 + 2 * n, b0 + 3 * n, c, cRow, width);
        }
        for (; depth < k; depth++) {
            float factor = a[aRow + depth];
            int b0 = bStart + depth * n;
            for (int j = 0; j < width; j++) {
                c[cRow + j] += factor * b[b0 + j];
            }
        }
    }

    private static void addFour(
            float[] a, int at, float[] b, int b0, int b1, int b2, int b3, float[] c, int cRow, int width) {
        float f0 = a[at];
        float f1 = a[at + 1];
        float f2 = a[at + 2];
        float f3 = a[at + 3];
        for (int j = 0; j < width; j++) {
            c[cRow + j] += f0 * b[b0 + j] + f1 * b[b1 + j] + f2 * b[b2 + j] + f3 * b[b3 + j];
        }
    }

    @Override
    public void transpose(Object from, int fromStart, Object to, int toStart, int rows, int columns) {
        float[] x = (float[]) from;
        float[] y = (float[]) to;
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                y[toStart + j * rows + i] = x[fromStart + i * columns + j];
            }
        }
    }

    @Override
    public void addValue(Object value, int valueStart, Object to, int toStart, int count) {
        float added = ((float[]) value)[valueStart];
        float[] y = (float[]) to;
        for (int i = toStart; i < toStart + count; i++) {
            y[i] += added;
        }
    }

    @Override
    public void addAll(Object from, int fromStart, Object to, int toStart, int count) {
        float[] x = (float[]) from;
        float[] y = (float[]) to;
        for (int i = 0; i < count; i++) {
            y[toStart + i] += x[fromStart + i];
        }
    }

    @Override
    public void addSum(Object from, int fromStart, int count, Object to, int toIndex) {
        float[] x = (float[]) from;
        double sum = 0;
        for (int i = fromStart; i < fromStart + count; i++) {
            sum += x[i];
        }
        ((float[]) to)[toIndex] += (float) sum;
    }

    @Override
    public void write(Object values, NDArray output) {
        NDArray target = HeapMath.target(output, DType.FLOAT32);
        Memory.put((float[]) values, 0, target.address(), Math.toIntExact(output.size()));
        HeapMath.store(target, output);
    }
}
