package io.kiln.data.vision;

/** Computes images pixel by pixel. */
final class Pixels {
    private Pixels() {}

    /** The value of a channel of a pixel. */
    interface Value {
        float at(int y, int x, int c);
    }

    static Image remap(Image image, int height, int width, Value value) {
        int channels = image.channels();
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
        if (height < 1 || width < 1) {
            throw new IllegalArgumentException("resize: sizes must be >= 1, got " + height + "x" + width);
        }
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
