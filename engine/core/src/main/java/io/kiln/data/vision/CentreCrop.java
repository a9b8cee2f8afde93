package io.kiln.data.vision;

import java.util.random.RandomGenerator;

/**
 * Crops the centre of an image.
 *
 * @param height height of the part, at most the image's
 * @param width width of the part, at most the image's
 */
public record CentreCrop(int height, int width) implements ImageTransform {
    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException unless both are at least 1
     */
    public CentreCrop {
        Pixels.checkSize("centreCrop", height, width);
    }

    @Override
    public Image apply(Image i, RandomGenerator random) {
        return Pixels.crop(i, (i.height() - height) / 2, (i.width() - width) / 2, height, width);
    }
}
