package io.kiln.spark.job;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.spark.report.EpochReport;
import io.kiln.spark.report.TrainingException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class JobCheckpointsTest {
    private static final int WORKERS = 2;
    private static final String FINGERPRINT = "0123456789abcdef";

    @TempDir
    Path directory;

    private JobCheckpoints checkpoints() {
        return new JobCheckpoints(directory.toString(), FINGERPRINT, new Configuration(), WORKERS);
    }

    private static List<EpochReport> reports(int epoch) {
        return List.of(new EpochReport(
                epoch,
                3,
                40,
                0.3,
                new EpochReport.Quality(0.1 * epoch, Double.NaN, 1e-7),
                new EpochReport.Gradients(0, 0, 1),
                List.of()));
    }

    private static byte[] state(int epoch, int rank) {
        byte[] bytes = new byte[100];
        Arrays.fill(bytes, (byte) (10 * epoch + rank));
        return bytes;
    }

    private void write(int epoch) {
        checkpoints().write(epoch, r -> new ByteArrayInputStream(state(epoch, r)), reports(epoch));
    }

    private Path below() {
        return directory.resolve(FINGERPRINT);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(below())) {
            return files.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }

    private Path epoch(int epoch) throws IOException {
        return below().resolve(names().stream()
                .filter(n -> n.startsWith("epoch-" + epoch + "-"))
                .findFirst()
                .orElseThrow());
    }

    /** What can happen to a checkpoint's directory. */
    private enum Damage {
        META_TRUNCATED,
        META_FLIPPED,
        META_ZEROED,
        META_MISSING,
        STATE_TRUNCATED,
        STATE_FLIPPED,
        STATE_MISSING,
        STATES_SWAPPED,
        EMPTY_DIRECTORY,
        PLAIN_FILE,
        RENAMED;

        void on(Path checkpoint) throws IOException {
            Path meta = checkpoint.resolve("meta.json");
            Path state = checkpoint.resolve("state-1");
            Files.deleteIfExists(checkpoint.resolve(".meta.json.crc"));
            Files.deleteIfExists(checkpoint.resolve(".state-1.crc"));
            Files.deleteIfExists(checkpoint.resolve(".state-0.crc"));
            switch (this) {
                case META_TRUNCATED -> truncate(meta);
                case META_FLIPPED ->
                    Files.writeString(meta, Files.readString(meta).replace("0.3", "0.4"));
                case META_ZEROED -> Files.write(meta, new byte[(int) Files.size(meta)]);
                case META_MISSING -> Files.delete(meta);
                case STATE_TRUNCATED -> truncate(state);
                case STATE_FLIPPED -> {
                    byte[] bytes = Files.readAllBytes(state);
                    bytes[50] ^= 1;
                    Files.write(state, bytes);
                }
                case STATE_MISSING -> Files.delete(state);
                case STATES_SWAPPED -> {
                    Path aside = checkpoint.resolve("aside");
                    Files.move(state, aside);
                    Files.move(checkpoint.resolve("state-0"), state);
                    Files.move(aside, checkpoint.resolve("state-0"));
                }
                case EMPTY_DIRECTORY -> empty(checkpoint);
                case PLAIN_FILE -> {
                    empty(checkpoint);
                    Files.delete(checkpoint);
                    Files.writeString(checkpoint, "x");
                }
                case RENAMED -> Files.move(checkpoint, checkpoint.resolveSibling("epoch-4-00000000"));
            }
        }

        private static void truncate(Path file) throws IOException {
            byte[] bytes = Files.readAllBytes(file);
            Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
        }

        private static void empty(Path checkpoint) throws IOException {
            try (Stream<Path> files = Files.list(checkpoint)) {
                for (Path f : files.toList()) {
                    Files.delete(f);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Damage.class)
    void aDamagedCheckpointIsNamedAndDoesNotHideAnEarlierOne(Damage damage) throws IOException {
        write(3);
        Path good = epoch(3);
        Path aside = Files.move(good, below().resolve("aside")); // or the next one would replace it
        write(5);
        Files.move(aside, good);
        damage.on(epoch(5));
        JobCheckpoints.Found found = checkpoints().newest(100);
        assertEquals(3, found.newest().epoch());
        for (int r = 0; r < WORKERS; r++) {
            assertArrayEquals(state(3, r), found.newest().states().get(r).toByteArray());
        }
        assertEquals(reports(3), found.newest().reports());
        assertEquals(1, found.passedOver().size(), found.passedOver()::toString);
        assertTrue(Files.exists(good), "what is passed over replaces nothing");
        write(6);
        assertEquals(6, checkpoints().newest(100).newest().epoch());
        assertFalse(Files.exists(good));
    }

    @Test
    void onlyTheNewestIsKeptAndStrangersStay() throws IOException {
        write(1);
        Files.writeString(below().resolve("notes.txt"), "mine");
        Files.createDirectory(below().resolve("epoch-7"));
        Files.createDirectory(below().resolve(".removed-1"));
        write(2);
        assertEquals(List.of(epoch(2).getFileName().toString(), "epoch-7", "notes.txt"), names());
        assertNull(checkpoints().newest(1).newest(), "of more epochs than asked for");
    }

    @Test
    void anotherFitsNewestEpochAndUnfinishedFilesStay() throws IOException {
        write(4);
        Path unfinished = Files.createDirectory(below().resolve(".writing-other"));
        Path abandoned = Files.createDirectory(below().resolve(".writing-old"));
        Files.setLastModifiedTime(abandoned, java.nio.file.attribute.FileTime.fromMillis(0));
        write(4);
        write(3);
        assertTrue(Files.exists(unfinished));
        assertFalse(Files.exists(abandoned));
        assertEquals(
                2, names().stream().filter(n -> n.startsWith("epoch-4-")).count(), "each is the newest of its fit");
        assertEquals(4, checkpoints().newest(100).newest().epoch());
        write(5);
        assertEquals(5, checkpoints().newest(100).newest().epoch());
        assertEquals(1, names().stream().filter(n -> n.startsWith("epoch-")).count());
    }

    @Test
    void theSameEpochMayBeWrittenAgain() throws IOException {
        write(2);
        write(2);
        assertEquals(2, checkpoints().newest(100).newest().epoch());
        try (Stream<Path> files = Files.list(epoch(2))) {
            assertTrue(files.noneMatch(Files::isDirectory), "nothing was moved into it");
        }
    }

    @Test
    void namesHaveTheSameDigitsInEveryLocale() throws IOException {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG"));
        try {
            write(3);
            assertEquals(3, checkpoints().newest(100).newest().epoch());
        } finally {
            Locale.setDefault(before);
        }
        assertTrue(Files.exists(epoch(3)));
    }

    @Test
    void aDirectoryThatCannotBeWrittenToIsRefused() throws IOException {
        Path plain = Files.writeString(directory.resolve("plain"), "");
        for (String bad : List.of(plain + "/below", "bogus://nowhere/x", "file:///proc/kiln", "::")) {
            TrainingException e =
                    assertThrows(TrainingException.class, () -> JobCheckpoints.probe(bad, new Configuration()));
            assertTrue(e.getMessage().contains("checkpointDir: cannot write to " + bad), e.getMessage());
        }
        Path deep = directory.resolve("a/b");
        JobCheckpoints.probe(deep.toString(), new Configuration());
        try (Stream<Path> files = Files.list(deep)) {
            assertEquals(List.of(), files.toList());
        }
    }
}
