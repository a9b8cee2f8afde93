package io.kiln.data.vision;

import java.util.random.RandomGenerator;

/**
 * Subtracts a mean and divides by a standard deviation, channel by channel.
 *
 * @param mean per channel
 * @param deviation per channel, above 0
 */
public record Normalize(float[] mean, float[] deviation) implements ImageTransform {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if their lengths differ or a deviation is not above 0
     */
    public Normalize {
        boolean valid = mean.length == deviation.length;
        for (float d : deviation) {
            valid &= d > 0;
        }
        if (!valid) {
            throw new IllegalArgumentException("normalize: needs as many deviations above 0 as means, got "
                    + mean.length + " means and " + deviation.length + " deviations");
        }
    }

    @Override
    public Image apply(Image i, RandomGenerator random) {
        if (i.channels() != mean.length) {
            throw new IllegalArgumentException(
                    "normalize: has " + mean.length + " means, the image " + i.channels() + " channels");
        }
        return Pixels.remap(i, i.height(), i.width(), (y, x, c) -> (i.at(y, x, c) - mean[c]) / deviation[c]);
    }
}
