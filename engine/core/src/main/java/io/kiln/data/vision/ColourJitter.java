package io.kiln.data.vision;

import io.kiln.op.DefaultValue;
import java.util.random.RandomGenerator;

/**
 * Changes brightness, contrast, saturation and hue by random factors, in this order; values stay within 0 to 255. A
 * factor is uniform in 1 ± the given number. Contrast is relative to the mean grey of the image, saturation to the grey
 * of each pixel (0.299 R + 0.587 G + 0.114 B); hue rotates the colours about the grey axis (by the matrix of YIQ), by
 * up to the given part of a full turn. Saturation and hue do not change images that do not have three channels.
 *
 * @param brightness from 0 to 1
 * @param contrast from 0 to 1
 * @param saturation from 0 to 1
 * @param hue from 0 to 0.5
 */
public record ColourJitter(
        @DefaultValue("0") double brightness,
        @DefaultValue("0") double contrast,
        @DefaultValue("0") double saturation,
        @DefaultValue("0") double hue)
        implements ImageTransform {
    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is outside its range
     */
    public ColourJitter {
        if (!(within(brightness, 1) && within(contrast, 1) && within(saturation, 1) && within(hue, 0.5))) {
            throw new IllegalArgumentException(
                    "colourJitter: brightness, contrast and saturation must be in [0, 1] and hue in [0, 0.5], got "
                            + brightness + ", " + contrast + ", " + saturation + ", " + hue);
        }
    }

    private static boolean within(double value, double most) {
        return value >= 0 && value <= most;
    }

    @Override
    public Image apply(Image image, RandomGenerator random) {
        Image i = blend(image, 0, factor(brightness, random));
        i = blend(i, meanGrey(i), factor(contrast, random));
        i = saturate(i, factor(saturation, random));
        return turn(i, 2 * Math.PI * hue * (2 * random.nextDouble() - 1));
    }

    private static double factor(double range, RandomGenerator random) {
        return 1 + range * (2 * random.nextDouble() - 1);
    }

    private static float cut(double value) {
        return (float) Math.max(0, Math.min(255, value));
    }

    private static Image blend(Image i, double with, double factor) {
        return factor == 1
                ? i
                : Pixels.remap(i, i.height(), i.width(), (y, x, c) -> cut(with + factor * (i.at(y, x, c) - with)));
    }

    private static double grey(Image i, int y, int x) {
        return i.channels() == 3
                ? 0.299 * i.at(y, x, 0) + 0.587 * i.at(y, x, 1) + 0.114 * i.at(y, x, 2)
                : i.at(y, x, 0);
    }

    private static double meanGrey(Image i) {
        double sum = 0;
        for (int y = 0; y < i.height(); y++) {
            for (int x = 0; x < i.width(); x++) {
                sum += grey(i, y, x);
            }
        }
        return sum / ((double) i.height() * i.width());
    }

    private static Image saturate(Image i, double factor) {
        if (i.channels() != 3 || factor == 1) {
            return i;
        }
        return Pixels.remap(i, i.height(), i.width(), (y, x, c) -> {
            double grey = grey(i, y, x);
            return cut(grey + factor * (i.at(y, x, c) - grey));
        });
    }

    /** In YIQ the hue is the angle of (I, Q). */
    private static Image turn(Image image, double angle) {
        if (image.channels() != 3 || angle == 0) {
            return image;
        }
        double cos = Math.cos(angle);
        double sin = Math.sin(angle);
        return Pixels.remap(image, image.height(), image.width(), (y, x, c) -> {
            double r = image.at(y, x, 0);
            double g = image.at(y, x, 1);
            double b = image.at(y, x, 2);
            double i = 0.595716 * r - 0.274453 * g - 0.321263 * b;
            double q = 0.211456 * r - 0.522591 * g + 0.311135 * b;
            double newI = cos * i - sin * q;
            double newQ = sin * i + cos * q;
            double grey = grey(image, y, x);
            return cut(
                    switch (c) {
                        case 0 -> grey + 0.9563 * newI + 0.6210 * newQ;
                        case 1 -> grey - 0.2721 * newI - 0.6474 * newQ;
                        default -> grey - 1.1070 * newI + 1.7046 * newQ;
                    });
        });
    }
}
