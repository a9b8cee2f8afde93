package io.kiln.data.file;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * The content of an Apache MXNet image record: a header {@code flag} (u32), {@code label} (f32), {@code id} and
 * {@code id2} (u64), little-endian; if flag is above 0, that many labels (f32) replace the single one; then the bytes
 * of an image file.
 *
 * @param labels the labels, at least one
 * @param id id of the image
 * @param image an encoded image, such as JPEG
 */
public record ImageRecord(float[] labels, long id, byte[] image) {
    private static final int HEADER = 24;

    /**
     * Parses a record.
     *
     * @param bytes a record
     * @return its content
     * @throws IllegalArgumentException if it is shorter than its header says
     */
    public static ImageRecord of(byte[] bytes) {
        ByteBuffer b = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long flag = bytes.length < HEADER ? 0 : b.getInt(0) & 0xffffffffL;
        if (bytes.length < HEADER || flag > (bytes.length - HEADER) / Float.BYTES) {
            throw new IllegalArgumentException("imageRecord: expected a header of " + HEADER + " bytes and " + flag
                    + " labels, found " + bytes.length + " bytes");
        }
        float[] labels = new float[(int) Math.max(1, flag)];
        if (flag == 0) {
            labels[0] = b.getFloat(4);
        }
        for (int i = 0; i < flag; i++) {
            labels[i] = b.getFloat(HEADER + i * Float.BYTES);
        }
        int start = HEADER + (int) flag * Float.BYTES;
        return new ImageRecord(labels, b.getLong(8), Arrays.copyOfRange(bytes, start, bytes.length));
    }
}
