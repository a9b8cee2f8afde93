package io.kiln.data.vision;

import java.util.random.RandomGenerator;

/**
 * Resizes with linear interpolation between pixels, and preserves the aspect ratio.
 *
 * @param shorter new length of the shorter side
 */
public record ResizeShorter(int shorter) implements ImageTransform {
    /**
     * Checks the length.
     *
     * @throws IllegalArgumentException unless it is at least 1
     */
    public ResizeShorter {
        Pixels.checkSize("resizeShorter", shorter, shorter);
    }

    @Override
    public Image apply(Image i, RandomGenerator random) {
        double factor = (double) shorter / Math.min(i.height(), i.width());
        int h = i.height() <= i.width() ? shorter : (int) Math.min(Integer.MAX_VALUE, Math.round(i.height() * factor));
        int w = i.width() <= i.height() ? shorter : (int) Math.min(Integer.MAX_VALUE, Math.round(i.width() * factor));
        return Pixels.resize(i, 0, 0, i.height(), i.width(), h, w);
    }
}
