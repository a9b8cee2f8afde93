package io.kiln.spark.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Dense;
import io.kiln.spark.report.FitEvent;
import io.kiln.spark.report.LossPoint;
import io.kiln.spark.report.Provenance;
import io.kiln.view.Diagram;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SummaryFilesTest {
    private static final Graph GRAPH = new Dense(2).trace(new Spec(Shape.of(-1, 3), DType.FLOAT32));

    @TempDir
    Path directory;

    /** A disk with room for some bytes. */
    public static final class FullDisk extends RawLocalFileSystem {
        @Override
        public URI getUri() {
            return URI.create("full:///");
        }

        @Override
        public FSDataOutputStream create(
                org.apache.hadoop.fs.Path f,
                boolean overwrite,
                int bufferSize,
                short replication,
                long blockSize,
                Progressable progress)
                throws IOException {
            OutputStream out = Files.newOutputStream(Path.of(f.toUri().getPath()));
            long room = getConf().getLong("full.room", 0);
            return new FSDataOutputStream(
                    new OutputStream() {
                        private long left = room;

                        @Override
                        public void write(int b) throws IOException {
                            if (left-- <= 0) {
                                throw new IOException("No space left on device");
                            }
                            out.write(b);
                        }

                        @Override
                        public void close() throws IOException {
                            out.close();
                        }
                    },
                    null);
        }
    }

    private SummaryFiles files(long room) {
        Configuration configuration = new Configuration();
        configuration.setClass("fs.full.impl", FullDisk.class, org.apache.hadoop.fs.FileSystem.class);
        configuration.setBoolean("fs.full.impl.disable.cache", true);
        configuration.setLong("full.room", room);
        return new SummaryFiles("full://" + directory, configuration, GRAPH);
    }

    private static FitEvent started() {
        return new FitEvent.Started(
                "12345678-f",
                5,
                "net",
                Map.of(),
                new FitEvent.Plan(10, "accuracy", 8, 2, 3),
                new Provenance(
                        new Provenance.Versions("0.2", "4.1.0", "17"),
                        "2026-01-01T00:00:00Z",
                        new Provenance.Data(320, 80, "abc"),
                        new Provenance.Settings(7, 32, 5, 2, 1, "{}")),
                Diagram.of(GRAPH, 0));
    }

    private static FitEvent steps(long step) {
        return new FitEvent.Steps("f", 6, step, 0.5, List.of(new LossPoint(step, 0.5)));
    }

    private long written() throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            long sum = 0;
            for (Path p : all.filter(Files::isRegularFile).toList()) {
                sum += Files.size(p);
            }
            return sum;
        }
    }

    @Test
    void aDiskThatBecomesFullEndsTheFilesAndNotTheFit() throws Exception {
        int room = 5000;
        try (SummaryFiles files = files(room)) {
            files.on(started());
            for (int i = 1; i < 1000; i++) {
                files.on(steps(i));
            }
        }
        assertEquals(room, written());
    }

    @Test
    void aDirectoryThatTakesNothingIsRefusedAtTheStart() {
        try (SummaryFiles files = files(0)) {
            UncheckedIOException e = assertThrows(UncheckedIOException.class, () -> files.on(started()));
            assertTrue(e.getMessage().startsWith("summaryDir: cannot write full:/"), e.getMessage());
        }
    }
}
