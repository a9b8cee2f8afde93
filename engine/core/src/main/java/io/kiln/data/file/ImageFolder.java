package io.kiln.data.file;

import io.kiln.data.Dataset;
import io.kiln.data.Labeled;
import io.kiln.data.vision.Image;
import io.kiln.format.FileTrouble;
import java.io.IOException;
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
 * accessed, by {@link ImageDecoder}.
 */
public final class ImageFolder implements Dataset<Labeled<Image>> {
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
        try {
            return new Labeled<>(decode(file.toString(), Files.readAllBytes(file)), labels.get((int) index));
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
     * @throws IOException if it is no intact image of a format that {@link ImageDecoder} reads
     */
    public static Image decode(String name, byte[] bytes) throws IOException {
        try {
            return ImageDecoder.decode(bytes).withChannels(3).toImage();
        } catch (IOException e) {
            throw new IOException(name + ": " + e.getMessage(), e);
        }
    }
}
