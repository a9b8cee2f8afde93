package io.kiln.op.random;

import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.internal.Philox;

/** Code shared by the random operators: shapes, and filling an array block by block on the host. */
final class RandomFill {
    /** Words per block: small enough for the caches, large enough to make copies cheap. */
    private static final int CHUNK = 4096;

    private RandomFill() {}

    /** Makes four elements of four words. */
    interface Transform {
        void apply(int[] words, int at, float[] to);
    }

    static Spec[] infer(String operation, Shape shape, DType dtype, Spec... inputs) {
        if (inputs.length > 1 || inputs.length == 1 && shape.rank() != 0) {
            throw new ShapeException(operation + ": needs either a shape or one input whose shape to take, got shape "
                    + shape + " and " + inputs.length + " inputs");
        }
        if (!dtype.isFloating()) {
            throw new IllegalArgumentException(
                    operation + ": dtype must be floating, got " + dtype + "; cast the result");
        }
        return new Spec[] {new Spec(inputs.length == 1 ? inputs[0].shape() : shape, dtype)};
    }

    /** The device of the input whose shape is used; without an input, the device of the thread. */
    static ArrayFactory place(NDArray... inputs) {
        return inputs.length == 1 ? inputs[0].factory() : ArrayFactory.current();
    }

    static NDArray[] fill(ArrayFactory place, Spec spec, Transform transform) {
        RandomGenerator.State draw = RandomGenerator.next();
        int n = Math.toIntExact(spec.shape().size());
        float[] values = new float[n];
        int[] words = new int[CHUNK];
        for (int start = 0; start < n; start += CHUNK) {
            Philox.fill(draw, start / 4, words);
            int count = Math.min(CHUNK, n - start);
            for (int i = 0; i < count; i += 4) {
                put(words, i, values, start + i, transform);
            }
        }
        return new NDArray[] {place.of(spec.shape(), values).cast(spec.dtype())};
    }

    private static void put(int[] words, int at, float[] values, int to, Transform transform) {
        float[] four = new float[4];
        transform.apply(words, at, four);
        System.arraycopy(four, 0, values, to, Math.min(4, values.length - to));
    }
}
