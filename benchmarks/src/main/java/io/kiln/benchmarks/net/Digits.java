package io.kiln.benchmarks.net;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/**
 * MNIST digits, scaled to 0…1.
 *
 * @param images of 784 pixels each, row-major
 * @param labels 0 to 9
 */
public record Digits(float[][] images, int[] labels) {

    private static final int IMAGES = 0x803;
    private static final int LABELS = 0x801;
    private static final int SIDE = 28;
    private static final int MOST = 100_000;

    /**
     * Reads {@code <part>-images-idx3-ubyte.gz} and {@code <part>-labels-idx1-ubyte.gz}.
     *
     * @param folder of the files
     * @param part {@code train} or {@code test}
     */
    public static Digits read(Path folder, String part) throws IOException {
        float[][] images;
        Path imageFile = folder.resolve(part + "-images-idx3-ubyte.gz");
        try (DataInputStream in = open(imageFile, IMAGES)) {
            images = new float[count(in, imageFile)][];
            if (in.readInt() != SIDE || in.readInt() != SIDE) {
                throw new IOException(imageFile + ": expected images of 28×28");
            }
            for (int i = 0; i < images.length; i++) {
                byte[] pixels = new byte[SIDE * SIDE];
                in.readFully(pixels);
                images[i] = new float[pixels.length];
                for (int j = 0; j < pixels.length; j++) {
                    images[i][j] = (pixels[j] & 0xff) / 255f;
                }
            }
        }
        Path labelFile = folder.resolve(part + "-labels-idx1-ubyte.gz");
        try (DataInputStream in = open(labelFile, LABELS)) {
            int[] labels = new int[count(in, labelFile)];
            if (labels.length != images.length) {
                throw new IOException(labelFile + ": expected " + images.length + " labels, found " + labels.length);
            }
            for (int i = 0; i < labels.length; i++) {
                labels[i] = in.readUnsignedByte();
            }
            return new Digits(images, labels);
        }
    }

    /** The pixels of the images from {@code first} on, one after the other. */
    public float[] pixels(int first, int count) {
        float[] pixels = new float[count * SIDE * SIDE];
        for (int i = 0; i < count; i++) {
            System.arraycopy(images[first + i], 0, pixels, i * SIDE * SIDE, SIDE * SIDE);
        }
        return pixels;
    }

    /** The labels from {@code first} on. */
    public int[] labels(int first, int count) {
        return Arrays.copyOfRange(labels, first, first + count);
    }

    private static DataInputStream open(Path file, int magic) throws IOException {
        DataInputStream in = new DataInputStream(new GZIPInputStream(Files.newInputStream(file), 1 << 16));
        int got = in.readInt();
        if (got != magic) {
            in.close();
            throw new IOException("%s: expected magic %#x, found %#x".formatted(file, magic, got));
        }
        return in;
    }

    private static int count(DataInputStream in, Path file) throws IOException {
        int count = in.readInt();
        if (count < 0 || count > MOST) {
            throw new IOException(file + ": expected 0 to " + MOST + " entries, found " + count);
        }
        return count;
    }
}
