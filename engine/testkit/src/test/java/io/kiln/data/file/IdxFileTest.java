package io.kiln.data.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class IdxFileTest {
    private static final byte[] TWO_BY_THREE = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, (byte) 200};

    @Test
    void sizesAndElementsAreRead() throws IOException {
        IdxFile file = IdxFile.read("x", gzip(TWO_BY_THREE), 2);
        assertArrayEquals(new int[] {2, 3}, file.sizes());
        assertArrayEquals(new byte[] {1, 2, 3, 4, 5, (byte) 200}, file.elements());
    }

    @Test
    void otherNumberOfAxesIsRefused() {
        assertMessage(
                TWO_BY_THREE,
                3,
                "x: expected an IDX file of unsigned bytes with 3 axes (magic 0x803), found magic 0x802");
    }

    @Test
    void truncatedElementsAreRefused() {
        assertMessage(Arrays.copyOf(TWO_BY_THREE, 16), 2, "x: expected 6 elements, found 4");
    }

    @Test
    void truncatedHeaderIsRefused() {
        assertMessage(Arrays.copyOf(TWO_BY_THREE, 10), 2, "x: ends too early, within its header");
    }

    @Test
    void trailingBytesAreRefused() {
        assertMessage(Arrays.copyOf(TWO_BY_THREE, 19), 2, "x: expected 6 elements, found more");
    }

    @Test
    void headerOfHugeOrNegativeSizesIsRefusedBeforeAllocating() {
        byte[] huge = TWO_BY_THREE.clone();
        huge[4] = 0x05;
        assertMessage(huge, 2, "x: expected a size of 0 to 67108864 for axis 0, found 83886082");
        byte[] negative = TWO_BY_THREE.clone();
        negative[8] = (byte) 0x80;
        assertMessage(negative, 2, "x: expected a size of 0 to 67108864 for axis 1, found -2147483645");
        byte[] product = TWO_BY_THREE.clone();
        product[5] = 1;
        product[9] = 1;
        assertMessage(product, 2, "x: expected at most 67108864 elements, found sizes [65538, 65539]");
    }

    private static void assertMessage(byte[] content, int axes, String message) {
        IOException e = assertThrows(IOException.class, () -> IdxFile.read("x", gzip(content), axes));
        assertEquals(message, e.getMessage());
    }

    private static InputStream gzip(byte[] content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
            zip.write(content);
        }
        return new ByteArrayInputStream(out.toByteArray());
    }
}
