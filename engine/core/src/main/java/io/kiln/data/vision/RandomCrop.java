package io.kiln.data.vision;

import java.util.random.RandomGenerator;

/**
 * Crops a random part of an image.
 *
 * @param height height of the part, at most the image's
 * @param width width of the part, at most the image's
 */
public record RandomCrop(int height, int width) implements ImageTransform {
    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException unless both are at least 1
     */
    public RandomCrop {
        Pixels.checkSize("randomCrop", height, width);
    }

    @Override
    public Image apply(Image i, RandomGenerator random) {
        Pixels.checkCrop(i, height, width);
        int y = random.nextInt(i.height() - height + 1);
        int x = random.nextInt(i.width() - width + 1);
        return Pixels.crop(i, y, x, height, width);
    }
}
