package io.kiln.data.vision;

import io.kiln.op.DefaultValue;
import java.util.random.RandomGenerator;

/**
 * Adds a border on all sides.
 *
 * @param pixels its width
 * @param value its pixels' value
 */
public record PadBorder(int pixels, @DefaultValue("0") double value) implements ImageTransform {
    /**
     * Checks the width.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public PadBorder {
        if (pixels < 0) {
            throw new IllegalArgumentException("padBorder: pixels must be >= 0, got " + pixels);
        }
    }

    @Override
    public Image apply(Image i, RandomGenerator random) {
        float border = (float) value;
        int height = (int) Math.min(Integer.MAX_VALUE, i.height() + 2L * pixels);
        int width = (int) Math.min(Integer.MAX_VALUE, i.width() + 2L * pixels);
        return Pixels.remap(i, height, width, (y, x, c) -> {
            int fromY = y - pixels;
            int fromX = x - pixels;
            boolean inside = fromY >= 0 && fromY < i.height() && fromX >= 0 && fromX < i.width();
            return inside ? i.at(fromY, fromX, c) : border;
        });
    }
}
