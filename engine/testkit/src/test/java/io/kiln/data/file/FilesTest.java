package io.kiln.data.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.data.Dataset;
import io.kiln.data.Labeled;
import io.kiln.data.vision.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** Readers of files; those of damaged ones say what is wrong. */
class FilesTest {
    @TempDir
    Path dir;

    private Path file(String content) throws IOException {
        return Files.writeString(dir.resolve("data.txt"), content);
    }

    @Test
    void csvRowsHaveTheirLabelInTheNamedColumn() throws IOException {
        Dataset<Labeled<float[]>> d = CsvFile.read(file("a;b;c\n1;2;3\n\n-4; 5e1 ;6\n"), ';', true, 1);
        assertEquals(2, d.size());
        assertArrayEquals(new float[] {-4, 6}, d.get(1).data());
        assertEquals(50, d.get(1).label());
        assertArrayEquals(
                new float[] {1, 2}, CsvFile.read(file("1,2"), ',', false).get(0).data());
    }

    @Test
    void csvErrorsNameTheLine() {
        assertMessage("line 2: expected 2 columns, found 3", () -> CsvFile.read(file("1,2\n1,2,3\n"), ',', false));
        assertMessage("line 1: expected a number, found \"x\"", () -> CsvFile.read(file("1,x"), ',', false));
        assertThrows(IllegalArgumentException.class, () -> CsvFile.read(file("1,2"), ',', false, -1));
        assertMessage("and a label in column 5", () -> CsvFile.read(file("1,2"), ',', false, 5));
    }

    private static void assertMessage(String part, Executable read) {
        String message = assertThrows(IOException.class, read).getMessage();
        assertTrue(message.contains(part), message);
    }

    @Test
    void libSvmRowsAreSparse() throws IOException {
        Dataset<Labeled<LibSvmFile.SparseRow>> d = LibSvmFile.read(file("+1 1:0.5 4:2 # note\n\n-1\n"), 5);
        assertEquals(2, d.size());
        assertEquals(1, d.get(0).label());
        assertArrayEquals(new float[] {0.5f, 0, 0, 2, 0}, d.get(0).data().dense());
        assertArrayEquals(new float[5], d.get(1).data().dense());
    }

    @Test
    void libSvmErrorsNameTheLineAndTheWord() {
        for (String bad : List.of("0:1", "6:1", "3:1 2:1", "7", "1.5:2")) {
            assertMessage("line 1: expected index:value", () -> LibSvmFile.read(file("1 " + bad), 5));
        }
        assertMessage("line 1: expected a number", () -> LibSvmFile.read(file("one 1:2"), 5));
    }

    private Path fixture() throws IOException {
        Path copy = dir.resolve("t.rec");
        try (var in = FilesTest.class.getResourceAsStream("/io/kiln/data/t.rec")) {
            Files.write(copy, in.readAllBytes());
        }
        return copy;
    }

    @Test
    void recordsThatMxnetWroteAreRead() throws IOException {
        try (RecordFile records = RecordFile.open(fixture())) {
            assertEquals(4, records.size());
            assertEquals("record_0", new String(records.get(0), StandardCharsets.UTF_8));
            assertEquals("abc", new String(records.get(1), StandardCharsets.UTF_8));
            ByteBuffer split = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
            split.put("1234".getBytes(StandardCharsets.UTF_8)).putInt(0xced7230a);
            split.put("tail".getBytes(StandardCharsets.UTF_8));
            assertEquals(0, records.get(2).length);
            assertArrayEquals(split.array(), records.get(3));
            assertThrows(IndexOutOfBoundsException.class, () -> records.get(4));
        }
    }

    @Test
    void damagedRecordFilesAreRefusedWithoutLargeAllocations() throws IOException {
        byte[] good = Files.readAllBytes(fixture());
        Random random = new Random(2);
        for (int run = 0; run < 500; run++) {
            byte[] bad = run < good.length ? Arrays.copyOf(good, run) : good.clone();
            if (bad.length == good.length) {
                bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
            }
            Path file = Files.write(dir.resolve("bad.rec"), bad);
            try (RecordFile records = RecordFile.open(file)) {
                for (int i = 0; i < records.size(); i++) {
                    assertTrue(records.get(i).length <= good.length);
                }
            } catch (IOException | UncheckedIOException e) {
                assertTrue(e.getMessage().contains("bad.rec"), e.getMessage());
            }
        }
    }

    @Test
    void imageRecordHasItsLabelsAndImage() {
        ByteBuffer one = ByteBuffer.allocate(26).order(ByteOrder.LITTLE_ENDIAN);
        one.putInt(0).putFloat(3).putLong(7).putLong(0).put(new byte[] {1, 2});
        ImageRecord r = ImageRecord.of(one.array());
        assertArrayEquals(new float[] {3}, r.labels());
        assertEquals(7, r.id());
        assertArrayEquals(new byte[] {1, 2}, r.image());
        ByteBuffer two = ByteBuffer.allocate(33).order(ByteOrder.LITTLE_ENDIAN);
        two.putInt(2).putFloat(0).putLong(8).putLong(0).putFloat(5).putFloat(6).put((byte) 9);
        assertArrayEquals(new float[] {5, 6}, ImageRecord.of(two.array()).labels());
        assertArrayEquals(new byte[] {9}, ImageRecord.of(two.array()).image());
        two.putInt(0, -1);
        assertThrows(IllegalArgumentException.class, () -> ImageRecord.of(two.array()));
        assertThrows(IllegalArgumentException.class, () -> ImageRecord.of(new byte[3]));
    }

    @Test
    void foldersAreClassesByTheAlphabet() throws IOException {
        for (String name : List.of("dogs/b.png", "cats/a.png")) {
            Path file = dir.resolve("images").resolve(name);
            Files.createDirectories(file.getParent());
            BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
            image.setRGB(2, 1, 0x0a141e);
            ImageIO.write(image, "png", file.toFile());
        }
        ImageFolder folder = new ImageFolder(dir.resolve("images"));
        assertEquals(List.of("cats", "dogs"), folder.classes());
        assertEquals(2, folder.size());
        Image image = folder.get(1).data();
        assertEquals(1, folder.get(1).label());
        assertEquals(2, image.height());
        assertEquals(3, image.width());
        float[] last = Arrays.copyOfRange(image.pixels(), 15, 18);
        assertArrayEquals(new float[] {10, 20, 30}, last);
        Files.writeString(dir.resolve("images/cats/a.png"), "no picture");
        assertTrue(assertThrows(UncheckedIOException.class, () -> folder.get(0))
                .getMessage()
                .contains("a.png"));
        assertMessage("expected one subfolder per class", () -> new ImageFolder(dir.resolve("images/dogs")));
        Path notes = Files.writeString(dir.resolve("images/dogs/notes.txt"), "none");
        assertMessage("found 1 other files, such as " + notes, () -> new ImageFolder(dir.resolve("images")));
        ImageFolder rest = new ImageFolder(dir.resolve("images"), true);
        assertEquals(2, rest.size());
        assertEquals(List.of(notes), rest.skipped());
    }
}
