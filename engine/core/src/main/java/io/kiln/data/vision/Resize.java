package io.kiln.data.vision;

import java.util.random.RandomGenerator;

/**
 * Resizes with linear interpolation between pixels.
 *
 * @param height new height
 * @param width new width
 */
public record Resize(int height, int width) implements ImageTransform {
    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException unless both are at least 1
     */
    public Resize {
        Pixels.checkSize("resize", height, width);
    }

    @Override
    public Image apply(Image i, RandomGenerator random) {
        return Pixels.resize(i, 0, 0, i.height(), i.width(), height, width);
    }
}
