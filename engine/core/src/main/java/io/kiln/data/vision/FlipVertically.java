package io.kiln.data.vision;

import java.util.random.RandomGenerator;

/**
 * Flips top and bottom with a probability.
 *
 * @param p the probability
 */
public record FlipVertically(double p) implements ImageTransform {
    /**
     * Checks the probability.
     *
     * @throws IllegalArgumentException unless 0 &le; p &le; 1
     */
    public FlipVertically {
        Pixels.checkProbability("flipVertically", p);
    }

    /** Flips half of the images. */
    public FlipVertically() {
        this(0.5);
    }

    @Override
    public Image apply(Image i, RandomGenerator random) {
        return random.nextDouble() < p
                ? Pixels.remap(i, i.height(), i.width(), (y, x, c) -> i.at(i.height() - 1 - y, x, c))
                : i;
    }
}
