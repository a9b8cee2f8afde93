package io.kiln.op.random;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Stochastic;
import io.kiln.op.internal.Philox;

/**
 * Normally distributed random numbers (Box and Muller, 1958): each pair of words of {@link Philox} gives a pair of
 * numbers.
 *
 * @param shape the shape; without axes if an input is given, whose shape is then used
 * @param mean their mean
 * @param deviation their standard deviation, at least 0
 * @param dtype a floating type; numbers are drawn as float32
 */
public record RandomNormal(Shape shape, double mean, double deviation, DType dtype) implements Stochastic {
    /** Checks the deviation. */
    public RandomNormal {
        if (!(deviation >= 0)) {
            throw new IllegalArgumentException("randomNormal: the deviation must be at least 0, got " + deviation);
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
            for (int i = 0; i < 4; i += 2) {
                to[i] = (float) (mean + deviation * Philox.normalCos(words[at + i], words[at + i + 1]));
                to[i + 1] = (float) (mean + deviation * Philox.normalSin(words[at + i], words[at + i + 1]));
            }
        });
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[c.inputs()];
    }
}
