package io.kiln.op.random;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Stochastic;
import io.kiln.op.internal.Philox;

/**
 * Integers distributed uniformly from low to below high: low + ⌊w (high - low)/2³²⌋ of one word w of {@link Philox}
 * each. Where the width is no power of 2 some numbers are more frequent than others by a share of (high - low)/2³² at
 * most.
 *
 * @param shape the shape; without axes if an input is given, whose shape is then used
 * @param low the smallest number
 * @param high the bound, above low by at most 2³²
 */
public record RandomInteger(Shape shape, long low, long high) implements Stochastic {
    /** Checks the range. */
    public RandomInteger {
        if (low >= high || high - low < 0 || high - low > 1L << 32) {
            throw new IllegalArgumentException(
                    "randomInteger: needs low < high <= low + 2^32, got low " + low + " and high " + high);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape s = RandomFill.infer(name(), shape, DType.FLOAT32, inputs)[0].shape();
        return new Spec[] {new Spec(s, DType.INT64)};
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        Shape s = inputs.length == 1 ? inputs[0].shape() : shape;
        RandomGenerator.State draw = RandomGenerator.next();
        long[] values = new long[Math.toIntExact(s.size())];
        int[] words = new int[4];
        for (int i = 0; i < values.length; i++) {
            if (i % 4 == 0) {
                Philox.fill(draw, i / 4, words);
            }
            long word = words[i % 4] & 0xFFFFFFFFL;
            values[i] = low + Math.multiplyHigh(word << 31, (high - low) << 1);
        }
        return new NDArray[] {RandomFill.place(inputs).of(s, values)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[c.inputs()];
    }
}
