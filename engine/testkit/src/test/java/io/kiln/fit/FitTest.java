package io.kiln.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.data.ArrayDataset;
import io.kiln.data.Collate;
import io.kiln.data.DataLoader;
import io.kiln.metric.Accuracy;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.Precision;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import io.kiln.optim.Adam;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("core")
class FitTest {
    private static final int SAMPLES = 70;

    private Scope scope;
    private ArrayDataset data;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(2);
        NDArray x = RandomOps.normal(Shape.of(SAMPLES, 6), 0, 1, DType.FLOAT32);
        data = new ArrayDataset(x, x.slice(1, 0, 3).argMax(1).cast(DType.INT32));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private DataLoader<NDArray[]> loader() {
        return DataLoader.builder(data, Collate.stack())
                .batchSize(16)
                .shuffle(4)
                .build();
    }

    private static Block network() {
        Block net = new Sequential(new Dense(32, Activation.RELU), new Dropout(0.1), new Dense(3));
        net.initialize(3);
        net.inferShapes(Shape.of(1, 6));
        return net;
    }

    private static Trainer trainer(Block net) {
        return new Trainer(net.parameters(), new UpdateRule(new Adam(), 0.01));
    }

    /** Writes down what it hears. */
    private static final class Ear implements FitHandler {
        private final List<String> heard = new ArrayList<>();

        @Override
        public void trainBegin(FitProgress p) {
            heard.add("train");
        }

        @Override
        public void epochBegin(FitProgress p) {
            heard.add("epoch " + p.epoch());
        }

        @Override
        public void batchBegin(FitProgress p) {
            heard.add("batch " + p.batches());
        }

        @Override
        public void batchEnd(FitProgress p) {
            heard.add("of " + p.batchSize());
        }

        @Override
        public void epochEnd(FitProgress p) {
            heard.add("ended " + p.values().keySet());
        }

        @Override
        public void trainEnd(FitProgress p) {
            heard.add("end after " + p.samples());
        }
    }

    @Test
    void handlersHearOfEverythingInOrder() throws IOException {
        Ear ear = new Ear();
        try (Block net = network();
                Trainer trainer = trainer(net)) {
            new Fit(net, new SoftmaxCrossEntropy(), trainer)
                    .metrics(new Accuracy())
                    .handle(ear)
                    .run(loader(), 1);
        }
        assertEquals(
                List.of(
                        "train",
                        "epoch 0",
                        "batch 0",
                        "of 16",
                        "batch 1",
                        "of 16",
                        "batch 2",
                        "of 16",
                        "batch 3",
                        "of 16",
                        "batch 4",
                        "of 6",
                        "ended [loss, accuracy]",
                        "end after 70"),
                ear.heard);
    }

    @Test
    void aNetworkLearnsAndItsMetricsSaySo() throws IOException {
        for (boolean hybrid : new boolean[] {false, true}) {
            List<String> lines = new ArrayList<>();
            try (Block net = network();
                    Trainer trainer = trainer(net).precision(hybrid ? Precision.BFLOAT16 : Precision.FLOAT32)) {
                if (hybrid) {
                    net.hybridize();
                }
                List<Map<String, Double>> epochs = new Fit(net, new SoftmaxCrossEntropy(), trainer)
                        .metrics(new Accuracy())
                        .handle(new Validation(loader(), new Accuracy()).every(5))
                        .handle(new ProgressLog(lines::add, 50))
                        .run(loader(), 40);
                assertEquals(40, epochs.size());
                assertTrue(epochs.get(39).get("loss") < 0.3 * epochs.get(0).get("loss"));
                assertTrue(epochs.get(35).get("validation accuracy") > 0.95, epochs.get(35)::toString);
                assertFalse(epochs.get(36).containsKey("validation loss"));
            }
            assertEquals(44, lines.size());
            assertTrue(
                    lines.get(0)
                            .matches("epoch 0: loss \\S+, accuracy \\S+, validation loss \\S+,"
                                    + " validation accuracy \\S+ \\(\\S+ samples/s\\)"),
                    lines.get(0));
            assertTrue(lines.get(9).startsWith("batch 50: loss "), lines::toString);
        }
    }

    @Test
    void trainingStopsWhenItsValueGetsNoBetter() throws IOException {
        try (Block net = network();
                Trainer trainer = trainer(net)) {
            double[] values = {3, 2, Double.NaN, 2, 1.95, 1};
            FitHandler script = new FitHandler() {
                @Override
                public void epochEnd(FitProgress p) {
                    p.put("v", values[p.epoch()]);
                }
            };
            Fit fit = new Fit(net, new SoftmaxCrossEntropy(), trainer)
                    .handle(script)
                    .handle(new EarlyStopping(Monitored.smallest("v"), 3, 0.1));
            assertEquals(5, fit.run(loader(), 6).size());
            assertTrue(fit.progress().stopped().orElseThrow().contains("v has not become better than 2.0 for 3"));
            IllegalArgumentException e =
                    assertThrows(IllegalArgumentException.class, () -> new Fit(net, new SoftmaxCrossEntropy(), trainer)
                            .handle(new EarlyStopping(Monitored.largest("accuracy"), 1))
                            .run(loader(), 1));
            assertTrue(e.getMessage().contains("no value accuracy, only [loss]"), e.getMessage());
        }
    }

    private static List<float[]> weights(Block net) {
        return net.values().values().stream().map(NDArray::toFloatArray).toList();
    }

    @Test
    void aTrainingThatWasCutGoesOnWithTheSameBits(@TempDir Path directory) throws IOException {
        List<float[]> whole;
        RandomGenerator.seed(8);
        try (Block net = network();
                Trainer trainer = trainer(net)) {
            new Fit(net, new SoftmaxCrossEntropy(), trainer).run(loader(), 6);
            whole = weights(net);
        }
        RandomGenerator.seed(8);
        try (Block net = network();
                Trainer trainer = trainer(net)) {
            new Fit(net, new SoftmaxCrossEntropy(), trainer)
                    .handle(new Checkpoints(directory).resume())
                    .run(loader(), 4);
        }
        RandomGenerator.seed(1);
        try (Block net = network();
                Trainer trainer = trainer(net)) {
            net.initialize(77);
            Fit fit = new Fit(net, new SoftmaxCrossEntropy(), trainer).handle(new Checkpoints(directory).resume());
            assertEquals(6, fit.run(loader(), 6).size());
            assertEquals(6 * SAMPLES, fit.progress().samples());
            List<float[]> cut = weights(net);
            for (int i = 0; i < whole.size(); i++) {
                assertArrayEquals(whole.get(i), cut.get(i), "parameter " + i);
            }
        }
        assertEquals(Set.of(5, 6), epochs(directory));
    }

    private static Set<Integer> epochs(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            List<String> names = files.map(f -> f.getFileName().toString()).toList();
            assertTrue(names.stream().noneMatch(n -> n.endsWith(".part")), names::toString);
            return names.stream()
                    .filter(n -> n.startsWith("epoch-"))
                    .map(n -> Integer.valueOf(n.substring(6, 11)))
                    .collect(Collectors.toSet());
        }
    }

    @Test
    void theBestEpochIsKept(@TempDir Path directory) throws IOException {
        double[] values = {0.5, 0.9, 0.7};
        List<List<float[]>> seen = new ArrayList<>();
        try (Block net = network();
                Trainer trainer = trainer(net)) {
            Checkpoints checkpoints =
                    new Checkpoints(directory).keep(1).every(2).keepBest(Monitored.largest("v"));
            new Fit(net, new SoftmaxCrossEntropy(), trainer)
                    .handle(new FitHandler() {
                        @Override
                        public void epochEnd(FitProgress p) {
                            p.put("v", values[p.epoch()]);
                            seen.add(weights(p.network()));
                        }
                    })
                    .handle(checkpoints)
                    .run(loader(), 3);
            net.load(checkpoints.best());
            for (int i = 0; i < seen.get(1).size(); i++) {
                assertArrayEquals(seen.get(1).get(i), weights(net).get(i));
            }
        }
        assertEquals(Set.of(2), epochs(directory));
    }

    @Test
    void batchesWithoutLabelsAndEpochsWithoutBatchesAreRefused() {
        try (Block net = network();
                Trainer trainer = trainer(net)) {
            Fit fit = new Fit(net, new SoftmaxCrossEntropy(), trainer);
            DataLoader<NDArray[]> unlabelled = DataLoader.builder(
                            new ArrayDataset(NDArray.zeros(Shape.of(4, 6), DType.FLOAT32)), Collate.stack())
                    .build();
            assertTrue(assertThrows(IllegalArgumentException.class, () -> fit.run(unlabelled, 1))
                    .getMessage()
                    .contains("inputs and the labels, got 1 arrays"));
            DataLoader<NDArray[]> empty =
                    DataLoader.builder(data.take(0), Collate.stack()).build();
            assertTrue(assertThrows(IllegalArgumentException.class, () -> fit.run(empty, 1))
                    .getMessage()
                    .contains("has no batch"));
        }
    }
}
