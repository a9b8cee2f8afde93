package io.kiln.op.random;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Stochastic;
import io.kiln.op.internal.Philox;

/**
 * Ones with a given probability, zeros otherwise: 1 where u &lt; p, u a multiple of 2^-24 from [0, 1), one word of
 * {@link Philox} each.
 *
 * @param shape the shape; without axes if an input is given, whose shape is then used
 * @param p probability of a one, from 0 to 1
 * @param dtype a floating type; numbers are drawn as float32
 */
public record RandomBernoulli(Shape shape, double p, DType dtype) implements Stochastic {
    /** Checks p. */
    public RandomBernoulli {
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException("randomBernoulli: p must be from 0 to 1, got " + p);
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
                to[i] = Philox.uniform(words[at + i]) < p ? 1 : 0;
            }
        });
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[c.inputs()];
    }
}
