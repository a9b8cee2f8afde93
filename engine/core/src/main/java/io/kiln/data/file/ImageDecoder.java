package io.kiln.data.file;

import io.kiln.data.vision.Bitmap;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes image files: the formats of ImageIO, at least PNG, JPEG, GIF and BMP, and those of readers on the class path, such
 * as TwelveMonkeys'. Needs the module {@code java.desktop}, but no display.
 *
 * <p>Grey values are those of the file: {@code BufferedImage.getRGB} would change their gamma. Opacity is left out, and the orientation
 * in EXIF is not applied, as in Pillow.
 *
 * <p>Concurrency: thread-safe.
 */
public final class ImageDecoder {
    /** Image files that claim to have more pixels are not read. */
    private static final long MAX_PIXELS = 1L << 26;

    private static final int BYTE_BITS = 8;

    private ImageDecoder() {}

    /** Registers the readers beside these classes: ImageIO itself looks only where its first user's class loader does. */
    private static final class Readers {
        private static final IIORegistry REGISTRY = IIORegistry.getDefaultInstance();

        static {
            for (ImageReaderSpi spi : ServiceLoader.load(ImageReaderSpi.class, ImageDecoder.class.getClassLoader())) {
                if (REGISTRY.getServiceProviderByClass(spi.getClass()) == null) {
                    REGISTRY.registerServiceProvider(spi, ImageReaderSpi.class);
                }
            }
        }

        private Readers() {}

        /**
         * The readers that recognize a file, the JDK's first: for a JPEG of 500×375 they took 2.8 ms, TwelveMonkeys' 6.7 ms.
         */
        static List<ImageReaderSpi> of(ImageInputStream in) {
            List<ImageReaderSpi> found = new ArrayList<>();
            REGISTRY.getServiceProviders(ImageReaderSpi.class, spi -> recognizes((ImageReaderSpi) spi, in), true)
                    .forEachRemaining(found::add);
            found.sort(Comparator.comparing(spi -> spi.getClass().getModule() != IIORegistry.class.getModule()));
            return found;
        }

        private static boolean recognizes(ImageReaderSpi spi, ImageInputStream in) {
            try {
                in.mark();
                return spi.canDecodeInput(in);
            } catch (IOException e) {
                return false;
            } finally {
                reset(in);
            }
        }

        private static void reset(ImageInputStream in) {
            try {
                in.reset();
            } catch (IOException e) {
                throw new IllegalStateException("image: an array cannot fail to be read", e);
            }
        }
    }

    /**
     * Decodes an image.
     *
     * @param file the file's content
     * @return its pixels: grey, or red, green and blue
     * @throws IOException if no reader recognizes it, or it is damaged or incomplete
     */
    public static Bitmap decode(byte[] file) throws IOException {
        IOException first = null;
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            for (ImageReaderSpi spi : Readers.of(in)) {
                ImageReader reader = spi.createReaderInstance();
                try {
                    in.seek(0);
                    return read(reader, in);
                } catch (IOException | RuntimeException e) { // readers throw both for damaged files
                    first = first != null ? first : new IOException("is no intact image: " + reason(e), e);
                } finally {
                    reader.dispose();
                }
            }
        }
        throw first != null ? first : new IOException("is no image of a known format");
    }

    private static String reason(Exception e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    private static Bitmap read(ImageReader reader, ImageInputStream in) throws IOException {
        reader.setInput(in, true, true);
        long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
        if (pixels > MAX_PIXELS) {
            throw new IOException("expected at most " + MAX_PIXELS + " pixels, its header says " + pixels);
        }
        String[] damage = new String[1];
        reader.addIIOReadWarningListener((source, warning) -> damage[0] = isDamage(warning) ? warning : damage[0]);
        BufferedImage image = reader.read(0);
        if (damage[0] != null) {
            throw new IOException(damage[0]);
        }
        return bitmap(image);
    }

    /** libjpeg goes on after these, with grey in place of what is missing. */
    private static boolean isDamage(String warning) {
        String w = warning.toLowerCase(Locale.ROOT);
        return w.contains("premature end") || w.contains("corrupt") || w.contains("truncated");
    }

    private static Bitmap bitmap(BufferedImage in) {
        int h = in.getHeight();
        int w = in.getWidth();
        ColorModel colours = in.getColorModel();
        if (!(colours instanceof IndexColorModel) && colours.getColorSpace().getType() == ColorSpace.TYPE_GRAY) {
            return new Bitmap(h, w, 1, grey(in, colours.getComponentSize(0)));
        }
        byte[] direct = in.getType() == BufferedImage.TYPE_3BYTE_BGR ? bgr(in) : null;
        if (direct != null) {
            return new Bitmap(h, w, 3, direct);
        }
        byte[] pixels = new byte[Math.multiplyExact(3, Math.multiplyExact(h, w))];
        int[] rgb = new int[w];
        int to = 0;
        for (int y = 0; y < h; y++) { // one row at a time: all of them would take four bytes a pixel more
            in.getRGB(0, y, w, 1, rgb, 0, w);
            for (int p : rgb) {
                pixels[to++] = (byte) (p >> 16);
                pixels[to++] = (byte) (p >> 8);
                pixels[to++] = (byte) p;
            }
        }
        return new Bitmap(h, w, 3, pixels);
    }

    private static byte[] grey(BufferedImage in, int bits) {
        int w = in.getWidth();
        byte[] pixels = new byte[Math.multiplyExact(in.getHeight(), w)];
        int[] samples = new int[w];
        int most = (1 << bits) - 1;
        int to = 0;
        for (int y = 0; y < in.getHeight(); y++) {
            in.getRaster().getSamples(0, y, w, 1, 0, samples);
            for (int s : samples) {
                pixels[to++] = (byte) (bits > BYTE_BITS ? s >> bits - BYTE_BITS : s * 0xff / most);
            }
        }
        return pixels;
    }

    /** The pixels of an image that is exactly its buffer; null otherwise. */
    private static byte[] bgr(BufferedImage in) {
        byte[] from = ((DataBufferByte) in.getRaster().getDataBuffer()).getData();
        int row = 3 * in.getWidth();
        if (!(in.getSampleModel() instanceof PixelInterleavedSampleModel m)
                || m.getScanlineStride() != row
                || from.length != row * in.getHeight()) {
            return null;
        }
        byte[] to = new byte[from.length];
        for (int i = 0; i < to.length; i += 3) {
            to[i] = from[i + 2];
            to[i + 1] = from[i + 1];
            to[i + 2] = from[i];
        }
        return to;
    }
}
