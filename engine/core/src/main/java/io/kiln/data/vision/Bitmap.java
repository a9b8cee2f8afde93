package io.kiln.data.vision;

/**
 * An image of bytes, as files hold it: pixels[height, width, channels], row-major, unsigned.
 *
 * @param height rows
 * @param width columns
 * @param channels 1 for grey, 3 for red, green, blue
 * @param pixels the values; must not be changed
 */
public record Bitmap(int height, int width, int channels, byte[] pixels) {
    private static final int BYTE = 0xff;
    private static final int RED = 19595;
    private static final int GREEN = 38470;
    private static final int BLUE = 7471;
    private static final int FRACTION = 16;

    /**
     * Checks the sizes.
     *
     * @throws IllegalArgumentException if they do not match the pixels
     */
    public Bitmap {
        if (height < 1
                || width < 1
                || channels < 1
                || Math.multiplyExact(Math.multiplyExact((long) height, width), channels) != pixels.length) {
            throw new IllegalArgumentException("bitmap: expected " + height + "x" + width + "x" + channels
                    + " pixels of positive sizes, got " + pixels.length + " values");
        }
    }

    /**
     * Rounds the values of an image, and clamps them to 0 to 255.
     *
     * @param image the image
     * @return the bitmap
     */
    public static Bitmap of(Image image) {
        float[] from = image.pixels();
        byte[] to = new byte[from.length];
        for (int i = 0; i < to.length; i++) {
            to[i] = (byte) Math.max(0, Math.min(BYTE, Math.round(from[i])));
        }
        return new Bitmap(image.height(), image.width(), image.channels(), to);
    }

    /** {@return the same image with values as floats from 0 to 255} */
    public Image toImage() {
        float[] to = new float[pixels.length];
        for (int i = 0; i < to.length; i++) {
            to[i] = pixels[i] & BYTE;
        }
        return new Image(height, width, channels, to);
    }

    /**
     * Converts to grey, \(0.299 R + 0.587 G + 0.114 B\) (ITU-R BT.601, with the rounding of Pillow's mode L), or to colour, with
     * three equal values. A fourth channel, opacity, is left out.
     *
     * @param count 1 or 3
     * @return this bitmap if it has so many channels
     */
    public Bitmap withChannels(int count) {
        if (count == channels) {
            return this;
        }
        if (count != 1 && count != 3 || channels == 2 || channels > 4) {
            throw new IllegalArgumentException(
                    "bitmap: cannot convert " + channels + " channels to " + count + "; expected 1, 3 or 4, to 1 or 3");
        }
        int area = height * width;
        byte[] to = new byte[Math.multiplyExact(area, count)];
        for (int i = 0; i < area; i++) {
            int at = i * channels;
            if (count == 1) {
                to[i] = (byte) (RED * (pixels[at] & BYTE)
                                + GREEN * (pixels[at + 1] & BYTE)
                                + BLUE * (pixels[at + 2] & BYTE)
                                + (1 << FRACTION - 1)
                        >> FRACTION);
            } else {
                to[3 * i] = pixels[at];
                to[3 * i + 1] = pixels[channels == 1 ? at : at + 1];
                to[3 * i + 2] = pixels[channels == 1 ? at : at + 2];
            }
        }
        return new Bitmap(height, width, count, to);
    }

    /**
     * Resizes with a triangular filter that is as wide as the pixels of the smaller image, so that nothing is skipped
     * when an image becomes smaller: the same bytes as Pillow's {@code Image.resize} with {@code BILINEAR}, which torchvision
     * uses.
     *
     * @param newHeight new height
     * @param newWidth new width
     * @return this bitmap if it has the size
     */
    public Bitmap resize(int newHeight, int newWidth) {
        if (newHeight < 1 || newWidth < 1) {
            throw new IllegalArgumentException("resize: sizes must be >= 1, got " + newHeight + "x" + newWidth);
        }
        return resized(
                new TriangleFilter(height, newHeight, 0, newHeight), new TriangleFilter(width, newWidth, 0, newWidth));
    }

    /** Computes a part of a resized bitmap, from the pixels that it depends on alone. */
    private Bitmap resized(TriangleFilter columns, TriangleFilter rows) {
        Bitmap needed = crop(columns.first(), rows.first(), columns.needed(), rows.needed());
        boolean columnsFirst =
                columns.shrinks() && rows.grows(); // as in Pillow; the order decides how sums are rounded
        return columnsFirst
                ? rows.alongRows(columns.alongColumns(needed))
                : columns.alongColumns(rows.alongRows(needed));
    }

    /**
     * Cuts out a part.
     *
     * @param top its first row
     * @param left its first column
     * @param partHeight its height
     * @param partWidth its width
     * @return this bitmap if the part is all of it
     */
    public Bitmap crop(int top, int left, int partHeight, int partWidth) {
        if (top < 0
                || left < 0
                || partHeight < 1
                || partWidth < 1
                || top + partHeight > height
                || left + partWidth > width) {
            throw new IllegalArgumentException("crop: a part of " + partHeight + "x" + partWidth + " at " + top + ", "
                    + left + " does not fit a bitmap of " + height + "x" + width);
        }
        if (partHeight == height && partWidth == width) {
            return this;
        }
        int row = partWidth * channels;
        byte[] to = new byte[partHeight * row];
        for (int y = 0; y < partHeight; y++) {
            System.arraycopy(pixels, ((top + y) * width + left) * channels, to, y * row, row);
        }
        return new Bitmap(partHeight, partWidth, channels, to);
    }

    /**
     * Resizes so that the shorter side fits, and takes the middle of the longer one: the same bytes as {@link #resize} and
     * {@link #crop} one after another, whatever the proportions, in the memory of this bitmap and the new one.
     *
     * @param newHeight new height
     * @param newWidth new width
     * @return a bitmap of that size whose objects keep their proportions
     */
    public Bitmap cover(int newHeight, int newWidth) {
        double factor = Math.max((double) newHeight / height, (double) newWidth / width);
        long h = Math.max(newHeight, Math.round(height * factor));
        long w = Math.max(newWidth, Math.round(width * factor));
        return resized(
                new TriangleFilter(height, h, (h - newHeight) / 2, newHeight),
                new TriangleFilter(width, w, (w - newWidth) / 2, newWidth));
    }

    /**
     * The pixels in an order of axes.
     *
     * @param layout the order
     * @return {@link #pixels} itself for HWC and for grey images, otherwise a new array
     */
    public byte[] toBytes(Image.Layout layout) {
        if (layout == Image.Layout.HWC || channels == 1) {
            return pixels;
        }
        byte[] planes = new byte[pixels.length];
        int area = height * width;
        for (int i = 0; i < area; i++) {
            for (int c = 0; c < channels; c++) {
                planes[c * area + i] = pixels[i * channels + c];
            }
        }
        return planes;
    }
}
