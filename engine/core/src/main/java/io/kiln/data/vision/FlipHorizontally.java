package io.kiln.data.vision;

import java.util.random.RandomGenerator;

/**
 * Flips left and right with a probability.
 *
 * @param p the probability
 */
public record FlipHorizontally(double p) implements ImageTransform {
    /**
     * Checks the probability.
     *
     * @throws IllegalArgumentException unless 0 &le; p &le; 1
     */
    public FlipHorizontally {
        Pixels.checkProbability("flipHorizontally", p);
    }

    /** Flips half of the images. */
    public FlipHorizontally() {
        this(0.5);
    }

    @Override
    public Image apply(Image i, RandomGenerator random) {
        return random.nextDouble() < p
                ? Pixels.remap(i, i.height(), i.width(), (y, x, c) -> i.at(y, i.width() - 1 - x, c))
                : i;
    }
}
