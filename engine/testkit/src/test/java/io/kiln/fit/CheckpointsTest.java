package io.kiln.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.data.ArrayDataset;
import io.kiln.data.Collate;
import io.kiln.data.DataLoader;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.random.RandomGenerator;
import io.kiln.optim.Adam;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointsTest {
    private Scope scope;
    private DataLoader<NDArray[]> loader;

    @TempDir
    Path directory;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(2);
        NDArray x = NDArray.arange(0, 60, 1, DType.FLOAT32).reshape(20, 3).mul(0.01);
        loader = DataLoader.builder(new ArrayDataset(x, NDArray.zeros(Shape.of(20), DType.INT32)), Collate.stack())
                .batchSize(8)
                .build();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** Trains up to an epoch and returns the weights. */
    private float[] train(int epochs, Checkpoints... handlers) throws IOException {
        try (Block net = new Dense(2)) {
            net.initialize(3);
            net.inferShapes(Shape.of(1, 3));
            try (Trainer trainer = new Trainer(net.parameters(), new UpdateRule(new Adam(), 0.01))) {
                Fit fit = new Fit(net, new SoftmaxCrossEntropy(), trainer);
                for (Checkpoints c : handlers) {
                    fit.handle(c);
                }
                fit.run(loader, epochs);
                return net.parameters().get("weight").value().toFloatArray();
            }
        }
    }

    private Set<String> files(String end) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return new TreeSet<>(files.map(f -> f.getFileName().toString())
                    .filter(n -> n.endsWith(end))
                    .toList());
        }
    }

    private Path file(int epoch, String end) throws IOException {
        return directory.resolve(files(end).stream()
                .filter(n -> n.startsWith("epoch-0000" + epoch))
                .findFirst()
                .orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(strings = {".json", ".weights.safetensors", ".optimizer.safetensors"})
    void aDamagedFileOfTheNewestCheckpointDoesNotHideTheOneBefore(String end) throws IOException {
        float[] whole = train(4);
        train(3, new Checkpoints(directory));
        Path damaged = file(3, end);
        byte[] bytes = Files.readAllBytes(damaged);
        Files.write(damaged, Arrays.copyOf(bytes, bytes.length / 2));
        Checkpoints truncated = new Checkpoints(directory).resume();
        train(2, truncated);
        assertEquals(1, truncated.passedOver().size());
        String reasons = truncated.passedOver().toString();
        assertTrue(reasons.contains(damaged.getFileName().toString()), reasons);
        bytes[bytes.length * 2 / 3] ^= 1;
        Files.write(damaged, bytes);
        Checkpoints flipped = new Checkpoints(directory).resume();
        assertArrayEquals(whole, train(4, flipped));
        assertEquals(1, flipped.passedOver().size());
    }

    @Test
    void whereNoCheckpointIsCompleteEachIsNamedWithTheReason() throws IOException {
        train(2, new Checkpoints(directory));
        for (int epoch = 1; epoch <= 2; epoch++) {
            Files.writeString(file(epoch, ".json"), "{\"format\": \"kiln-fit\", \"version\": 1, \"hist");
        }
        String m = assertThrows(IOException.class, () -> train(3, new Checkpoints(directory).resume()))
                .getMessage();
        assertTrue(m.contains(file(1, ".json").getFileName() + " is damaged"), m);
        assertTrue(m.contains(file(2, ".json").getFileName() + " is damaged"), m);
        assertTrue(m.contains("remove them to begin anew"), m);
        assertEquals(2, files(".json").size());
    }

    @Test
    void trainingsInOneDirectoryLeaveEachOthersCheckpointsAlone() throws IOException {
        train(3, new Checkpoints(directory).keep(1));
        Set<String> first = files(".json");
        train(2, new Checkpoints(directory).keep(1));
        assertEquals(2, files(".json").size());
        assertTrue(files(".json").containsAll(first));
        train(4, new Checkpoints(directory).keep(1).resume(), new Checkpoints(directory).keep(1));
        assertTrue(files(".json").containsAll(first), "it goes on from the one written last");
    }

    @Test
    void checkpointsOfTheFirstFormatAreRead() throws IOException {
        float[] whole = train(4);
        train(2, new Checkpoints(directory));
        String json = Files.readString(file(2, ".json"))
                .replace("\"version\" : 2", "\"version\" : 1")
                .replaceAll("(?s),\\s*\"files\".*", "}")
                .replaceAll("\"time\" : \\d+,", "");
        for (String end : List.of(".weights.safetensors", ".optimizer.safetensors")) {
            Files.move(file(2, end), directory.resolve("epoch-00002" + end));
        }
        Files.delete(file(1, ".json"));
        Files.delete(file(2, ".json"));
        Files.writeString(directory.resolve("epoch-00002.json"), json);
        assertArrayEquals(whole, train(4, new Checkpoints(directory).resume()));
    }

    @Test
    void namesHaveTheSameDigitsInEveryLocale() throws IOException {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG"));
        try {
            train(1, new Checkpoints(directory));
            Checkpoints resumed = new Checkpoints(directory).resume();
            assertArrayEquals(train(2), train(2, resumed));
        } finally {
            Locale.setDefault(before);
        }
        assertTrue(file(1, ".json").toFile().exists());
    }

    @Test
    void aDirectoryThatCannotBeWrittenToIsRefusedBeforeTraining() throws IOException {
        Path plain = Files.writeString(directory.resolve("plain"), "");
        assertThrows(IOException.class, () -> train(1, new Checkpoints(plain.resolve("below"))));
    }
}
