package io.kiln.data.vision;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import io.kiln.data.file.ImageDecoder;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class BitmapTest {
    private final JsonNode golden = Golden.read("data/pillow.json");
    private final Bitmap colour = new Bitmap(13, 9, 3, bytes(golden.get("image")));

    private static byte[] bytes(JsonNode numbers) {
        byte[] bytes = new byte[numbers.size()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) numbers.get(i).asInt();
        }
        return bytes;
    }

    private static int[] unsigned(byte... bytes) {
        int[] values = new int[bytes.length];
        Arrays.setAll(values, i -> bytes[i] & 0xff);
        return values;
    }

    @Test
    void resizingAndGreyAreThoseOfPillow() {
        for (JsonNode c : golden.get("cases")) {
            Bitmap out = colour.resize(c.get("height").asInt(), c.get("width").asInt());
            assertArrayEquals(bytes(c.get("out")), out.pixels(), out.height() + "x" + out.width());
        }
        assertArrayEquals(bytes(golden.get("grey")), colour.withChannels(1).pixels());
    }

    @Test
    void filesAreDecodedAsByPillow() throws IOException {
        for (Map.Entry<String, JsonNode> f : golden.get("files").properties()) {
            if (f.getKey().equals("cmyk.jpg")) {
                continue; // the JDK's reader cannot; see the connector's test
            }
            byte[] file = Base64.getDecoder().decode(f.getValue().get("file").asText());
            byte[] expected = bytes(f.getValue().get("pixels"));
            Bitmap got = ImageDecoder.decode(file);
            assertEquals(f.getValue().get("height").asInt(), got.height(), f.getKey());
            assertEquals(f.getValue().get("width").asInt(), got.width(), f.getKey());
            int channels = expected.length / got.height() / got.width();
            int[] a = unsigned(expected);
            int[] b = unsigned(got.withChannels(channels).pixels());
            int most = 0;
            for (int i = 0; i < a.length; i++) {
                most = Math.max(most, Math.abs(a[i] - b[i]));
            }
            int allowed =
                    f.getKey().endsWith("jpg") ? 3 : 0; // libjpeg's and libjpeg-turbo's transforms round differently
            assertTrue(most <= allowed, f.getKey() + " differs by " + most);
        }
    }

    @Test
    void damagedFilesAreRefused() {
        for (Map.Entry<String, JsonNode> f : golden.get("files").properties()) {
            byte[] file = Base64.getDecoder().decode(f.getValue().get("file").asText());
            assertThrows(
                    IOException.class, () -> ImageDecoder.decode(Arrays.copyOf(file, file.length * 2 / 3)), f.getKey());
        }
        String none = assertThrows(IOException.class, () -> ImageDecoder.decode(new byte[] {1, 2, 3, 4, 5}))
                .getMessage();
        assertEquals("is no image of a known format", none);
    }

    @Test
    void coveringKeepsProportionsAndTheMiddle() {
        byte[] wide = new byte[4 * 12];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = (byte) (i % 12 >= 4 && i % 12 < 8 ? 200 : 10);
        }
        Bitmap out = new Bitmap(4, 12, 1, wide).cover(4, 4);
        assertArrayEquals(new byte[] {(byte) 200, (byte) 200, (byte) 200, (byte) 200}, Arrays.copyOf(out.pixels(), 4));
        Bitmap small = colour.cover(6, 6);
        assertEquals(6, small.height());
        assertEquals(6, small.width());
        assertSame(colour, colour.cover(13, 9));
        assertSame(colour, colour.resize(13, 9));
    }

    @Test
    void coveringIsResizingAndCropping() {
        int[][] sizes = {{6, 6}, {20, 5}, {5, 20}, {40, 40}, {13, 4}, {3, 9}, {1, 1}, {26, 18}};
        for (int[] s : sizes) {
            double factor = Math.max(s[0] / 13.0, s[1] / 9.0);
            int h = Math.max(s[0], (int) Math.round(13 * factor));
            int w = Math.max(s[1], (int) Math.round(9 * factor));
            Bitmap expected = colour.resize(h, w).crop((h - s[0]) / 2, (w - s[1]) / 2, s[0], s[1]);
            assertArrayEquals(expected.pixels(), colour.cover(s[0], s[1]).pixels(), Arrays.toString(s));
        }
    }

    /** The whole image at the size that covers would have {@code 224 * 224 * 20_000_000} pixels. */
    @Test
    void extremeProportionsAreCoveredInLittleMemory() {
        byte[] line = new byte[20_000_000];
        Arrays.fill(line, 9_999_990, 10_000_010, (byte) 77);
        byte[] middle = new byte[224 * 224];
        Arrays.fill(middle, (byte) 77);
        assertArrayEquals(
                middle, new Bitmap(1, line.length, 1, line).cover(224, 224).pixels());
        assertArrayEquals(
                middle, new Bitmap(line.length, 1, 1, line).cover(224, 224).pixels());
    }

    @Test
    void transformsRefuseHugeImages() {
        Image line = new Image(1, 300_000, 1, new float[300_000]);
        for (ImageTransform t :
                List.of(new ResizeShorter(256), new PadBorder(Integer.MAX_VALUE, 0), new PadBorder(10_000, 0))) {
            String message = assertThrows(IllegalArgumentException.class, () -> t.apply(line, new Random(1)))
                    .getMessage();
            assertTrue(message.contains("from one of 1x300000; expected at most 67108864 pixels"), message);
        }
    }

    private static byte[] png(BufferedImage image) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        assertTrue(ImageIO.write(image, "png", out));
        return out.toByteArray();
    }

    @Test
    void opacityIsLeftOut() throws IOException {
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(0, 0, 0x00_0a_14_1e);
        image.setRGB(1, 0, 0x80_c8_96_64);
        assertArrayEquals(
                new int[] {10, 20, 30, 200, 150, 100},
                unsigned(ImageDecoder.decode(png(image)).pixels()));
    }

    @Test
    void sixteenBitsBecomeEight() throws IOException {
        int[] values = {0, 0x0100, 0x1234, 0x80ff, 0xfffe, 0xffff};
        BufferedImage grey = new BufferedImage(3, 2, BufferedImage.TYPE_USHORT_GRAY);
        grey.getRaster().setSamples(0, 0, 3, 2, 0, values);
        assertArrayEquals(
                new int[] {0, 1, 0x12, 0x80, 0xff, 0xff},
                unsigned(ImageDecoder.decode(png(grey)).pixels()));
        ComponentColorModel rgb = new ComponentColorModel(
                ColorSpace.getInstance(ColorSpace.CS_sRGB), false, false, Transparency.OPAQUE, DataBuffer.TYPE_USHORT);
        BufferedImage colours = new BufferedImage(rgb, rgb.createCompatibleWritableRaster(2, 1), false, null);
        colours.getRaster().setPixels(0, 0, 2, 1, values);
        int[] got = unsigned(ImageDecoder.decode(png(colours)).pixels());
        for (int i = 0; i < values.length; i++) {
            assertEquals(values[i] / 257.0, got[i], 1, "value " + i);
        }
    }

    /** 8193×8192 pixels by the header, which is all that is read. */
    @Test
    void filesOfTooManyPixelsAreRefused() throws IOException {
        byte[] file = png(new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB));
        ByteBuffer header = ByteBuffer.wrap(file);
        header.putInt(16, 8193).putInt(20, 8192);
        CRC32 crc = new CRC32();
        crc.update(file, 12, 17);
        header.putInt(29, (int) crc.getValue());
        String message =
                assertThrows(IOException.class, () -> ImageDecoder.decode(file)).getMessage();
        assertTrue(message.contains("expected at most 67108864 pixels, its header says 67117056"), message);
    }

    @Test
    void layoutsAndChannels() {
        Bitmap b = new Bitmap(1, 2, 3, new byte[] {1, 2, 3, 4, 5, 6});
        assertArrayEquals(new byte[] {1, 4, 2, 5, 3, 6}, b.toBytes(Image.Layout.CHW));
        assertSame(b.pixels(), b.toBytes(Image.Layout.HWC));
        assertArrayEquals(
                new byte[] {7, 7, 7},
                new Bitmap(1, 1, 1, new byte[] {7}).withChannels(3).pixels());
        assertArrayEquals(
                new byte[] {7, 8, 9},
                new Bitmap(1, 1, 4, new byte[] {7, 8, 9, 1}).withChannels(3).pixels());
        assertArrayEquals(
                new byte[] {0, (byte) 255, 8},
                Bitmap.of(new Image(1, 1, 3, new float[] {-3, 300, 7.6f})).pixels());
        assertThrows(IllegalArgumentException.class, () -> new Bitmap(1, 1, 2, new byte[2]).withChannels(3));
        assertThrows(IllegalArgumentException.class, () -> b.crop(0, 1, 1, 2));
    }
}
