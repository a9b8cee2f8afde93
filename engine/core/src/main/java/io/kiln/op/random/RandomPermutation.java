package io.kiln.op.random;

import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Stochastic;
import io.kiln.op.internal.Philox;

/**
 * The numbers 0 to n - 1 in random order, each order equally likely up to rounding of 2⁻⁶⁴: exchanges from the end
 * (Fisher and Yates, 1938), each by two words of {@link Philox}. Shapes: y[n]. Dtype: int64.
 *
 * @param n the number of elements, at least 0
 */
public record RandomPermutation(long n) implements Stochastic {
    /** Checks n. */
    public RandomPermutation {
        if (n < 0) {
            throw new IllegalArgumentException("randomPermutation: n must be at least 0, got " + n);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {new Spec(Shape.of(n), DType.INT64)};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        RandomGenerator.State draw = RandomGenerator.next();
        long[] order = new long[Math.toIntExact(n)];
        for (int i = 0; i < order.length; i++) {
            order[i] = i;
        }
        int[] words = new int[4];
        for (int i = order.length - 1; i > 0; i--) {
            Philox.fill(draw, i, words);
            long random = (long) words[0] << 32 | words[1] & 0xFFFFFFFFL;
            int j = (int) Math.multiplyHigh(random >>> 1, 2L * (i + 1));
            long t = order[i];
            order[i] = order[j];
            order[j] = t;
        }
        return new NDArray[] {ArrayFactory.current().of(Shape.of(n), order)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[0];
    }
}
