package io.kiln.data.vision;

import io.kiln.op.DefaultValue;
import java.util.random.RandomGenerator;

/**
 * Fills a rectangle at a random position, with random area and aspect ratio: Z. Zhong et al.: Random erasing data
 * augmentation, AAAI 2020. {@link #cutOut} uses a square that may be partly outside: T. DeVries, G. Taylor: Improved
 * regularization of convolutional neural networks with cutout, 2017.
 *
 * @param p the probability
 * @param least smallest area, relative to the image
 * @param most largest area, below 1
 * @param value the value that fills the rectangle
 */
public record RandomErasing(double p, double least, double most, @DefaultValue("0") double value)
        implements ImageTransform {
    private static final int TRIES = 10;
    private static final double RATIO = 10.0 / 3;

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException unless 0 &le; p &le; 1 and 0 &lt; least &le; most &lt; 1
     */
    public RandomErasing {
        if (!(p >= 0 && p <= 1 && least > 0 && least <= most && most < 1)) {
            throw new IllegalArgumentException("randomErasing: needs p in [0, 1] and 0 < least <= most < 1, got " + p
                    + ", " + least + ", " + most);
        }
    }

    /** Erases between 2 % and 40 % of half of the images, as in the paper. */
    public RandomErasing() {
        this(0.5, 0.02, 0.4, 0);
    }

    @Override
    public Image apply(Image i, RandomGenerator random) {
        if (random.nextDouble() >= p) {
            return i;
        }
        for (int t = 0; t < TRIES; t++) {
            double area = (double) i.height() * i.width() * (least + (most - least) * random.nextDouble());
            double ratio = Math.exp((2 * random.nextDouble() - 1) * Math.log(RATIO));
            int h = (int) Math.round(Math.sqrt(area * ratio));
            int w = (int) Math.round(Math.sqrt(area / ratio));
            if (h >= 1 && w >= 1 && h < i.height() && w < i.width()) {
                int top = random.nextInt(i.height() - h + 1);
                int left = random.nextInt(i.width() - w + 1);
                return fill(i, top, left, h, w, (float) value);
            }
        }
        return i;
    }

    /**
     * Fills a square whose centre is anywhere in the image.
     *
     * @param side its side length
     * @param value the value that fills it
     * @return the transform
     */
    public static ImageTransform cutOut(int side, float value) {
        if (side < 1) {
            throw new IllegalArgumentException("cutOut: side must be >= 1, got " + side);
        }
        return (i, random) ->
                fill(i, random.nextInt(i.height()) - side / 2, random.nextInt(i.width()) - side / 2, side, side, value);
    }

    private static Image fill(Image i, int top, int left, int h, int w, float value) {
        return Pixels.remap(i, i.height(), i.width(), (y, x, c) -> {
            boolean inside = y >= top && y < top + h && x >= left && x < left + w;
            return inside ? value : i.at(y, x, c);
        });
    }
}
