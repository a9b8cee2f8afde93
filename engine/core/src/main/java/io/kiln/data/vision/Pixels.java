package io.kiln.data.vision;

/** Computes images pixel by pixel. */
final class Pixels {
    /** Transforms make no larger images: their floats take 12 bytes a pixel. */
    private static final long MOST = 1L << 26;

    private Pixels() {}

    /** The value of a channel of a pixel. */
    interface Value {
        float at(int y, int x, int c);
    }

    static Image remap(Image image, int height, int width, Value value) {
        int channels = image.channels();
        if ((long) height * width > Math.max(MOST, (long) image.height() * image.width())) {
            throw new IllegalArgumentException(
                    "transform: would make an image of %dx%d from one of %dx%d; expected at most %d pixels: crop it before, or drop such images"
                            .formatted(height, width, image.height(), image.width(), MOST));
        }
        float[] out = new float[Math.multiplyExact(Math.multiplyExact(height, width), channels)];
        int at = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                for (int c = 0; c < channels; c++) {
                    out[at++] = value.at(y, x, c);
                }
            }
        }
        return new Image(height, width, channels, out);
    }

    static void checkProbability(String transform, double p) {
        if (!(p >= 0 && p <= 1)) {
            throw new IllegalArgumentException(transform + ": p must be in [0, 1], got " + p);
        }
    }

    static void checkSize(String transform, int height, int width) {
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException(transform + ": sizes must be >= 1, got " + height + "x" + width);
        }
    }

    static void checkCrop(Image i, int height, int width) {
        if (height < 1 || width < 1 || height > i.height() || width > i.width()) {
            throw new IllegalArgumentException("crop: a part of " + height + "x" + width + " does not fit an image of "
                    + i.height() + "x" + i.width() + "; pad or resize it before");
        }
    }

    static Image crop(Image i, int top, int left, int height, int width) {
        checkCrop(i, height, width);
        return remap(i, height, width, (y, x, c) -> i.at(top + y, left + x, c));
    }

    /** Bilinear, with pixel centres at half-integers, as in OpenCV and torch (align_corners = false, no antialias). */
    static Image resize(Image i, int top, int left, int partHeight, int partWidth, int height, int width) {
        checkSize("resize", height, width);
        double stepY = (double) partHeight / height;
        double stepX = (double) partWidth / width;
        return remap(i, height, width, (y, x, c) -> {
            double fromY = Math.max(0, (y + 0.5) * stepY - 0.5);
            double fromX = Math.max(0, (x + 0.5) * stepX - 0.5);
            int y0 = Math.min((int) fromY, partHeight - 1);
            int x0 = Math.min((int) fromX, partWidth - 1);
            int y1 = Math.min(y0 + 1, partHeight - 1);
            int x1 = Math.min(x0 + 1, partWidth - 1);
            double dy = fromY - y0;
            double dx = fromX - x0;
            double above = i.at(top + y0, left + x0, c) * (1 - dx) + i.at(top + y0, left + x1, c) * dx;
            double below = i.at(top + y1, left + x0, c) * (1 - dx) + i.at(top + y1, left + x1, c) * dx;
            return (float) (above * (1 - dy) + below * dy);
        });
    }
}
