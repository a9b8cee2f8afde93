package io.kiln.op.random;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Stochastic;
import io.kiln.op.internal.Philox;

/**
 * Random numbers distributed uniformly over [low, high): \(low + u (high - low)\), u a multiple of 2^-24 from [0, 1),
 * one word of {@link Philox} each.
 *
 * @param shape the shape; without axes if an input is given, whose shape is then used
 * @param low the smallest number
 * @param high the bound, reached by rounding only
 * @param dtype a floating type; numbers are drawn as float32
 */
public record RandomUniform(Shape shape, double low, double high, DType dtype) implements Stochastic {
    /** Checks the bounds. */
    public RandomUniform {
        if (!(low <= high) || Double.isInfinite(high - low)) {
            throw new IllegalArgumentException(
                    "randomUniform: needs finite low <= high, got low " + low + " and high " + high);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return RandomFill.infer(name(), shape, dtype, inputs);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        Spec y = inputs.length == 1 ? new Spec(inputs[0].shape(), dtype) : new Spec(shape, dtype);
        return RandomFill.fill(RandomFill.place(inputs), y, (words, at, to) -> {
            for (int i = 0; i < 4; i++) {
                to[i] = (float) (low + (high - low) * Philox.uniform(words[at + i]));
            }
        });
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[c.inputs()];
    }
}
