package io.kiln.op.random;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.internal.Philox;

/** The numbers for an element that needs an unknown number of them, from its own blocks of {@link Philox}. */
final class RandomStream {
    /** Blocks per element: more than any element takes. */
    private static final int BLOCKS = 20;

    private final RandomGenerator.State draw;
    private final int[] words = new int[4];
    private long block;

    /**
     * The stream of an element.
     *
     * @param draw seed and number of the draw
     * @param element which element
     */
    RandomStream(RandomGenerator.State draw, long element) {
        this.draw = draw;
        this.block = element << BLOCKS;
    }

    /** Takes the next four words. */
    int[] next() {
        Philox.fill(draw, block++, words);
        return words;
    }

    /** A number of 53 bits from (0, 1), from two words. */
    static double open(int high, int low) {
        long bits = (high & 0xFFFFFFFFL) << 21 | (low & 0xFFFFFFFFL) >>> 11;
        return (bits + 0.5) * 0x1p-53;
    }

    /** Fills an array in the shape of an input, element by element. */
    static NDArray[] fill(NDArray parameter, DType dtype, Sampler sampler) {
        RandomGenerator.State draw = RandomGenerator.next();
        double[] p = parameter.toDoubleArray();
        for (int i = 0; i < p.length; i++) {
            p[i] = sampler.sample(p[i], new RandomStream(draw, i));
        }
        return new NDArray[] {parameter.factory().of(parameter.shape(), p).cast(dtype)};
    }

    /** Makes a number of a parameter. */
    interface Sampler {
        double sample(double parameter, RandomStream random);
    }
}
