package io.kiln.data.file;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/**
 * The content of an IDX file of unsigned bytes, the format of the MNIST database: two zero bytes, the code {@code 0x08} of
 * the element type, the number of axes, their sizes as big-endian 32-bit integers, the elements in row-major order.
 *
 * @param sizes of the axes
 * @param elements in row-major order
 * @see <a href="http://yann.lecun.com/exdb/mnist/">The MNIST database of handwritten digits</a>
 */
public record IdxFile(int[] sizes, byte[] elements) {
    private static final int UNSIGNED_BYTES = 0x08;
    /** More than any MNIST file has; a header that says more is invalid, and nothing is allocated for it. */
    private static final long MAX_BYTES = 64L << 20;
    /** Elements are read in pieces of this size, so that a header alone cannot make the reader allocate much. */
    private static final int PIECE = 1 << 20;

    /**
     * Reads a gzip-compressed file.
     *
     * @param name of the file, for error messages
     * @param compressed its bytes; left open
     * @param axes required number of axes
     * @return its content
     * @throws IOException if reading fails, or the content does not match the header
     */
    public static IdxFile read(String name, InputStream compressed, int axes) throws IOException {
        DataInputStream in = new DataInputStream(new BufferedInputStream(new GZIPInputStream(compressed), 1 << 16));
        try {
            int magic = in.readInt();
            int expected = UNSIGNED_BYTES << 8 | axes;
            if (magic != expected) {
                throw new IOException(
                        "%s: expected an IDX file of unsigned bytes with %d axes (magic %#x), found magic %#x"
                                .formatted(name, axes, expected, magic));
            }
            int[] sizes = new int[axes];
            long count = 1;
            for (int i = 0; i < axes; i++) {
                sizes[i] = in.readInt();
                if (sizes[i] < 0 || sizes[i] > MAX_BYTES) {
                    throw new IOException("%s: expected a size of 0 to %d for axis %d, found %d"
                            .formatted(name, MAX_BYTES, i, sizes[i]));
                }
                count *= sizes[i];
                if (count > MAX_BYTES) {
                    throw new IOException("%s: expected at most %d elements, found sizes %s"
                            .formatted(name, MAX_BYTES, Arrays.toString(sizes)));
                }
            }
            byte[] elements = elements(in, name, (int) count);
            if (in.read() >= 0) {
                throw new IOException("%s: expected %d elements, found more".formatted(name, count));
            }
            return new IdxFile(sizes, elements);
        } catch (EOFException e) {
            throw new IOException(name + ": ends too early, within its header", e);
        }
    }

    private static byte[] elements(InputStream in, String name, int count) throws IOException {
        byte[] elements = new byte[Math.min(count, PIECE)];
        int have = 0;
        while (have < count) {
            if (have == elements.length) {
                elements = Arrays.copyOf(elements, (int) Math.min(count, 2L * have));
            }
            int got = in.readNBytes(elements, have, elements.length - have);
            if (got == 0) {
                throw new IOException("%s: expected %d elements, found %d".formatted(name, count, have));
            }
            have += got;
        }
        return elements;
    }
}
