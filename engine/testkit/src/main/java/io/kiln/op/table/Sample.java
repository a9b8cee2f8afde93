package io.kiln.op.table;

import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import java.util.stream.IntStream;

/**
 * The values of an array on the heap.
 *
 * @param shape the shape
 * @param dtype the element type
 * @param values the elements in row-major order
 */
public record Sample(Shape shape, DType dtype, double[] values) {
    /**
     * The values of an array.
     *
     * @param a the array
     * @return its values
     */
    public static Sample of(NDArray a) {
        return new Sample(a.shape(), a.dtype(), a.toDoubleArray());
    }

    /** The values as the type holds them. */
    Sample rounded() {
        if (dtype == DType.FLOAT32) {
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) values[i];
            }
        }
        return this;
    }

    /**
     * A row-major array on this thread's device.
     *
     * @return the array
     */
    public NDArray array() {
        return array(ArrayFactory.current());
    }

    /**
     * A row-major array.
     *
     * @param device where it lies
     * @return the array
     */
    public NDArray array(ArrayFactory device) {
        return switch (dtype) {
            case FLOAT64 -> device.of(shape, values);
            case FLOAT32 -> {
                float[] f = new float[values.length];
                for (int i = 0; i < f.length; i++) {
                    f[i] = (float) values[i];
                }
                yield device.of(shape, f);
            }
            case INT64 -> device.of(shape, longs());
            default -> device.of(shape, values).cast(dtype);
        };
    }

    private long[] longs() {
        long[] l = new long[values.length];
        for (int i = 0; i < l.length; i++) {
            l[i] = (long) values[i];
        }
        return l;
    }

    /** The same values in another layout: axes reversed in memory, and every second element of a larger block. */
    NDArray strided(ArrayFactory device) {
        int rank = shape.rank();
        if (rank == 0 || values.length == 0) {
            return array(device);
        }
        int[] reversed = IntStream.range(0, rank).map(i -> rank - 1 - i).toArray();
        NDArray columns = array(device).transpose(reversed).copy();
        long[] wide = columns.shape().dims();
        wide[rank - 1] *= 2;
        NDArray block = device.zeros(Shape.of(wide), dtype);
        NDArray part = block.slice(rank - 1, 0, Long.MAX_VALUE, 2);
        part.assign(columns);
        return part.transpose(reversed);
    }

    Sample with(int index, double value) {
        double[] v = values.clone();
        v[index] = value;
        return new Sample(shape, dtype, v);
    }
}
