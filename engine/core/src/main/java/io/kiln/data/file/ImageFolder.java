package io.kiln.data.file;

import io.kiln.data.Dataset;
import io.kiln.data.Labeled;
import io.kiln.data.vision.Image;
import io.kiln.format.FileTrouble;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/**
 * Images in a folder with one subfolder per class; classes are numbered alphabetically. Images are read when they are
 * accessed. This is the only class that needs the module {@code java.desktop}; it reads the formats of ImageIO, at
 * least PNG and JPEG, and needs no display.
 */
public final class ImageFolder implements Dataset<Labeled<Image>> {
    /** Image files that claim to have more pixels are not read. */
    private static final long MAX_PIXELS = 1L << 28;

    private final List<String> classes;
    private final List<Path> files = new ArrayList<>();
    private final List<Integer> labels = new ArrayList<>();
    private final List<Path> skipped = new ArrayList<>();

    /**
     * Finds the files, all of which must have an image file's extension.
     *
     * @param folder the folder
     * @throws IOException if reading fails, there is no subfolder, or a file is not an image
     */
    public ImageFolder(Path folder) throws IOException {
        this(folder, false);
    }

    /**
     * Finds the files.
     *
     * @param folder the folder
     * @param skipsOthers whether files without an image file's extension are skipped; otherwise they are an error
     * @throws IOException if reading fails, there is no subfolder, or a file is not an image and such files are not
     *     skipped
     */
    public ImageFolder(Path folder, boolean skipsOthers) throws IOException {
        Set<String> ends = Stream.of(ImageIO.getReaderFileSuffixes())
                .map(end -> end.toLowerCase(Locale.ROOT))
                .collect(Collectors.toSet());
        List<Path> folders = sorted(folder).stream().filter(Files::isDirectory).toList();
        if (folders.isEmpty()) {
            throw new IOException(folder + ": expected one subfolder per class, found none");
        }
        classes = folders.stream().map(p -> p.getFileName().toString()).toList();
        for (int i = 0; i < folders.size(); i++) {
            for (Path file : sorted(folders.get(i))) {
                String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
                if (Files.isRegularFile(file) && ends.contains(name.substring(name.lastIndexOf('.') + 1))) {
                    files.add(file);
                    labels.add(i);
                } else if (Files.isRegularFile(file)) {
                    skipped.add(file);
                }
            }
        }
        if (!skipsOthers && !skipped.isEmpty()) {
            throw new IOException(
                    "imageFolder: expected images only (" + String.join(", ", new TreeSet<>(ends)) + "), found "
                            + skipped.size() + " other files, such as " + skipped.get(0)
                            + "; remove them, or construct with skipsOthers");
        }
    }

    /** {@return the files that were skipped because they lack an image file's extension} */
    public List<Path> skipped() {
        return List.copyOf(skipped);
    }

    private static List<Path> sorted(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList();
        }
    }

    /** {@return the names of the classes, by index} */
    public List<String> classes() {
        return classes;
    }

    @Override
    public long size() {
        return files.size();
    }

    @Override
    public Labeled<Image> get(long index) {
        Path file = files.get(Math.toIntExact(index));
        try (InputStream in = Files.newInputStream(file)) {
            return new Labeled<>(decode(file.toString(), in), labels.get((int) index));
        } catch (IOException e) {
            throw new UncheckedIOException(FileTrouble.of("imageFolder", file, e));
        }
    }

    /**
     * Decodes an image file, such as that of an {@link ImageRecord}.
     *
     * @param name its name in messages
     * @param bytes the file's content
     * @return red, green and blue from 0 to 255
     * @throws IOException if ImageIO does not recognize the image
     */
    public static Image decode(String name, byte[] bytes) throws IOException {
        return decode(name, new ByteArrayInputStream(bytes));
    }

    private static Image decode(String name, InputStream bytes) throws IOException {
        try (var in = ImageIO.createImageInputStream(bytes)) {
            var readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new IOException(name + ": no image of a format that ImageIO knows");
            }
            var reader = readers.next();
            try {
                reader.setInput(in);
                long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
                if (pixels > MAX_PIXELS) {
                    throw new IOException(
                            name + ": expected at most " + MAX_PIXELS + " pixels, its header says " + pixels);
                }
                return image(reader.read(0));
            } finally {
                reader.dispose();
            }
        }
    }

    private static Image image(BufferedImage in) {
        int h = in.getHeight();
        int w = in.getWidth();
        int[] rgb = in.getRGB(0, 0, w, h, null, 0, w);
        float[] pixels = new float[Math.multiplyExact(3, rgb.length)];
        for (int i = 0; i < rgb.length; i++) {
            pixels[3 * i] = rgb[i] >> 16 & 0xff;
            pixels[3 * i + 1] = rgb[i] >> 8 & 0xff;
            pixels[3 * i + 2] = rgb[i] & 0xff;
        }
        return new Image(h, w, 3, pixels);
    }
}
