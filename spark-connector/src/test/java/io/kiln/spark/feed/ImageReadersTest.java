package io.kiln.spark.feed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.data.file.ImageDecoder;
import io.kiln.data.vision.Bitmap;
import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("core")
class ImageReadersTest {
    /** The JDK's own reader refuses JPEGs in the colours of printers. */
    @Test
    void readersBesideKilnAreUsed() throws IOException {
        Bitmap image;
        try (InputStream in = ImageReadersTest.class.getResourceAsStream("cmyk.jpg")) {
            image = ImageDecoder.decode(in.readAllBytes());
        }
        assertEquals(8, image.height());
        assertEquals(32, image.width());
        assertEquals(3, image.channels());
        // Cyan has little red, magenta little green, yellow little blue, black little of any.
        for (int stripe = 0; stripe < 4; stripe++) {
            int at = 3 * (4 * 32 + 8 * stripe + 4);
            int[] rgb = {image.pixels()[at] & 0xff, image.pixels()[at + 1] & 0xff, image.pixels()[at + 2] & 0xff};
            for (int c = 0; c < 3; c++) {
                boolean dark = stripe == 3 || c == stripe;
                assertTrue(dark ? rgb[c] < 80 : rgb[c] > 80, "stripe " + stripe + ", channel " + c + ": " + rgb[c]);
            }
        }
    }

    @Test
    void anImageIsStoredAsItsFileWhereThatIsMuchSmaller() {
        Bitmap image = new Bitmap(10, 10, 3, new byte[300]);
        assertEquals(310, StoredImage.of(image, null).length);
        assertEquals(310, StoredImage.of(image, new byte[100]).length);
        assertEquals(100, StoredImage.of(image, new byte[99]).length);
        Bitmap back = StoredImage.read(StoredImage.of(image, null));
        assertEquals(10, back.height());
        assertEquals(10, back.width());
        assertEquals(3, back.channels());
    }
}
