package io.kiln.spark.feed;

import io.kiln.data.file.ImageDecoder;
import io.kiln.data.vision.Bitmap;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * An image in a packed row: {@code byte 0} and an image file, or {@code byte 1, int height, int width, byte channels} and
 * pixels.
 */
final class StoredImage {
    /** Files are kept where pixels would need more than so many times their memory: decoding them takes most of the feed's time. */
    private static final int MOST_GROWTH = 3;

    private static final byte FILE = 0;
    private static final byte PIXELS = 1;
    private static final int HEADER = 10;

    private StoredImage() {}

    /** The stored form of an image and, unless null, its file. */
    static byte[] of(Bitmap image, byte[] file) {
        byte[] pixels = image.pixels();
        boolean asFile = file != null && pixels.length > (long) MOST_GROWTH * file.length;
        return asFile
                ? ByteBuffer.allocate(1 + file.length).put(FILE).put(file).array()
                : ByteBuffer.allocate(HEADER + pixels.length)
                        .put(PIXELS)
                        .putInt(image.height())
                        .putInt(image.width())
                        .put((byte) image.channels())
                        .put(pixels)
                        .array();
    }

    static Bitmap read(byte[] stored) {
        ByteBuffer in = ByteBuffer.wrap(stored);
        if (in.get() == FILE) {
            byte[] file = new byte[in.remaining()];
            in.get(file);
            try {
                return ImageDecoder.decode(file);
            } catch (IOException e) {
                throw new IllegalStateException(
                        "feed: an image that could be decoded when it was packed " + e.getMessage(), e);
            }
        }
        int height = in.getInt();
        int width = in.getInt();
        int channels = in.get();
        byte[] pixels = new byte[in.remaining()];
        in.get(pixels);
        return new Bitmap(height, width, channels, pixels);
    }
}
