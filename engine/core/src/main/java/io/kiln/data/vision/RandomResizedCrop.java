package io.kiln.data.vision;

import io.kiln.op.DefaultValue;
import java.util.random.RandomGenerator;

/**
 * Crops a random part of an image, with random area and an aspect ratio from 3:4 to 4:3, and resizes it. C. Szegedy et
 * al.: Going deeper with convolutions, CVPR 2015.
 *
 * @param height new height
 * @param width new width
 * @param least smallest area of the part, relative to the image
 * @param most largest area of the part, at most 1
 */
public record RandomResizedCrop(
        int height, int width, @DefaultValue("0.08") double least, @DefaultValue("1") double most)
        implements ImageTransform {
    private static final int TRIES = 10;
    private static final double RATIO = 4.0 / 3;

    /**
     * Checks the areas.
     *
     * @throws IllegalArgumentException unless 0 &lt; least &le; most &le; 1
     */
    public RandomResizedCrop {
        if (!(least > 0 && least <= most && most <= 1)) {
            throw new IllegalArgumentException(
                    "randomResizedCrop: needs 0 < least <= most <= 1, got " + least + " and " + most);
        }
    }

    @Override
    public Image apply(Image i, RandomGenerator random) {
        double area = (double) i.height() * i.width();
        for (int t = 0; t < TRIES; t++) {
            double part = area * (least + (most - least) * random.nextDouble());
            double ratio = Math.exp((2 * random.nextDouble() - 1) * Math.log(RATIO));
            int w = (int) Math.round(Math.sqrt(part * ratio));
            int h = (int) Math.round(Math.sqrt(part / ratio));
            if (w >= 1 && h >= 1 && w <= i.width() && h <= i.height()) {
                int top = random.nextInt(i.height() - h + 1);
                int left = random.nextInt(i.width() - w + 1);
                return Pixels.resize(i, top, left, h, w, height, width);
            }
        }
        int side = Math.min(i.height(), i.width());
        return Pixels.resize(i, (i.height() - side) / 2, (i.width() - side) / 2, side, side, height, width);
    }
}
