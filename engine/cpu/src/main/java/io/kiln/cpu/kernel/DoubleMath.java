// Generated from src/main/templates/…/XMath.java.template, do not edit.
// After a change of the template: mvn test -pl engine/cpu -am -Dtest=SpecializationsTest -Dkiln.write=true
package io.kiln.cpu.kernel;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.internal.Memory;

/** Loops over {@code double[]}. */
@SuppressWarnings("cast") // the template converts where one of its types needs it
final class DoubleMath implements HeapMath {

    static final DoubleMath INSTANCE = new DoubleMath();

    /** Rows of b that one pass over a row of c takes; more would not fit into the registers. */
    private static final int DEPTH = 4;

    /** Columns at a time, so that the parts of b and c in use stay in the first-level cache. */
    private static final int WIDTH = 1024;

    private DoubleMath() {}

    @Override
    public Object read(NDArray array) {
        return array.toDoubleArray();
    }

    @Override
    public Object zeros(int length) {
        return new double[length];
    }

    @Override
    public void gather(Object from, int fromStart, int[] places, Object to, int toStart) {
        double[] x = (double[]) from;
        double[] y = (double[]) to;
        for (int i = 0; i < places.length; i++) {
            int place = places[i];
            y[toStart + i] = place < 0 ? 0 : x[fromStart + place];
        }
    }

    @Override
    public void scatterAdd(Object from, int fromStart, int[] places, Object to, int toStart) {
        double[] x = (double[]) from;
        double[] y = (double[]) to;
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
                        (double[]) a,
                        aStart + row * k,
                        (double[]) b,
                        bStart + column,
                        (double[]) c,
                        cStart + row * n + column,
                        width,
                        n,
                        k);
            }
        }
    }

    private static void rowTimesMatrix(
            double[] a, int aRow, double[] b, int bStart, double[] c, int cRow, int width, int n, int k) {
        int depth = 0;
        for (; depth + DEPTH <= k; depth += DEPTH) {
            int b0 = bStart + depth * n;
            addFour(a, aRow + depth, b, b0, b0 + n, b0 + 2 * n, b0 + 3 * n, c, cRow, width);
        }
        for (; depth < k; depth++) {
            double factor = a[aRow + depth];
            int b0 = bStart + depth * n;
            for (int j = 0; j < width; j++) {
                c[cRow + j] += factor * b[b0 + j];
            }
        }
    }

    private static void addFour(
            double[] a, int at, double[] b, int b0, int b1, int b2, int b3, double[] c, int cRow, int width) {
        double f0 = a[at];
        double f1 = a[at + 1];
        double f2 = a[at + 2];
        double f3 = a[at + 3];
        for (int j = 0; j < width; j++) {
            c[cRow + j] += f0 * b[b0 + j] + f1 * b[b1 + j] + f2 * b[b2 + j] + f3 * b[b3 + j];
        }
    }

    @Override
    public void transpose(Object from, int fromStart, Object to, int toStart, int rows, int columns) {
        double[] x = (double[]) from;
        double[] y = (double[]) to;
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                y[toStart + j * rows + i] = x[fromStart + i * columns + j];
            }
        }
    }

    @Override
    public void addValue(Object value, int valueStart, Object to, int toStart, int count) {
        double added = ((double[]) value)[valueStart];
        double[] y = (double[]) to;
        for (int i = toStart; i < toStart + count; i++) {
            y[i] += added;
        }
    }

    @Override
    public void addAll(Object from, int fromStart, Object to, int toStart, int count) {
        double[] x = (double[]) from;
        double[] y = (double[]) to;
        for (int i = 0; i < count; i++) {
            y[toStart + i] += x[fromStart + i];
        }
    }

    @Override
    public void addSum(Object from, int fromStart, int count, Object to, int toIndex) {
        double[] x = (double[]) from;
        double sum = 0;
        for (int i = fromStart; i < fromStart + count; i++) {
            sum += x[i];
        }
        ((double[]) to)[toIndex] += (double) sum;
    }

    @Override
    public void write(Object values, NDArray output) {
        NDArray target = HeapMath.target(output, DType.FLOAT64);
        Memory.put((double[]) values, 0, target.address(), Math.toIntExact(output.size()));
        HeapMath.store(target, output);
    }
}
