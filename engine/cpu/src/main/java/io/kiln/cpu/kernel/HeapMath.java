package io.kiln.cpu.kernel;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Cast;
import io.kiln.op.Copy;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;

/**
 * Operations of the Java kernels on one kind of Java array ({@code float[]} or {@code double[]}). HotSpot vectorises loops
 * over heap arrays, but not over off-heap memory. An {@code Object} here is always such an array.
 */
interface HeapMath {

    /** float64 computes in double, all others in float. */
    static HeapMath of(DType dtype) {
        return dtype == DType.FLOAT64 ? DoubleMath.INSTANCE : FloatMath.INSTANCE;
    }

    /** The elements of an array in row-major order. */
    Object read(NDArray array);

    /** An array of zeros. */
    Object zeros(int length);

    /** {@code to[toStart + i] = from[fromStart + places[i]]}, or 0 if the place is negative. */
    void gather(Object from, int fromStart, int[] places, Object to, int toStart);

    /** {@code to[toStart + places[i]] += from[fromStart + i]} if the place is not negative. */
    void scatterAdd(Object from, int fromStart, int[] places, Object to, int toStart);

    /** {@code c += a b} for row-major matrices {@code a[m,k]}, {@code b[k,n]}, {@code c[m,n]}. */
    void multiply(Object a, int aStart, Object b, int bStart, Object c, int cStart, int m, int n, int k);

    /** {@code to[j, i] = from[i, j]} for row-major matrices {@code from[rows, columns]}. */
    void transpose(Object from, int fromStart, Object to, int toStart, int rows, int columns);

    /** {@code to[toStart + i] += value[valueStart]}. */
    void addValue(Object value, int valueStart, Object to, int toStart, int count);

    /** {@code to[toStart + i] += from[fromStart + i]}. */
    void addAll(Object from, int fromStart, Object to, int toStart, int count);

    /** Adds the sum of elements to one element. */
    void addSum(Object from, int fromStart, int count, Object to, int toIndex);

    /** Overwrites an output with these elements, in row-major order. */
    void write(Object values, NDArray output);

    /** The array cast to a type; the array itself if it has that type. */
    static NDArray as(NDArray array, DType dtype) {
        return array.dtype() == dtype ? array : Dispatch.withoutGradient(new Cast(dtype), array);
    }

    /**
     * Row-major memory of a dtype for an output, to be {@linkplain #store stored}: the output itself if it has this
     * form.
     */
    static NDArray target(NDArray output, DType dtype) {
        return output.dtype() == dtype && output.isContiguous()
                ? output
                : NDArray.empty(output.backend(), Layout.rowMajor(new Spec(output.shape(), dtype)));
    }

    /** Copies a {@link #target} to its output and frees it. */
    static void store(NDArray target, NDArray output) {
        if (target != output) {
            Operator convert = target.dtype() == output.dtype() ? new Copy() : new Cast(output.dtype());
            Dispatch.into(convert, new NDArray[] {target}, output);
            target.close();
        }
    }

    /** Overwrites an output with whole numbers, in row-major order. */
    static void write(long[] values, NDArray output) {
        NDArray target = target(output, DType.INT64);
        Memory.put(values, 0, target.address(), values.length);
        store(target, output);
    }
}
