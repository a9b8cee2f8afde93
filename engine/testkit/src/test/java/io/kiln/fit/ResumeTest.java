package io.kiln.fit;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
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
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.CastLists;
import io.kiln.op.Precision;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import io.kiln.optim.Adam;
import io.kiln.optim.CosineDecay;
import io.kiln.optim.Lamb;
import io.kiln.optim.Lookahead;
import io.kiln.optim.LossScaler;
import io.kiln.optim.Optimizer;
import io.kiln.optim.ReduceOnPlateau;
import io.kiln.optim.Schedule;
import io.kiln.optim.Sgd;
import io.kiln.optim.Sgld;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import io.kiln.optim.WarmUp;
import io.kiln.optim.WeightAverage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A training that was cut anywhere and resumed has the bits of one that was not. */
class ResumeTest {
    private static final int SAMPLES = 38;
    private static final int BATCH = 8;
    private static final int BATCHES = 5;
    private static final int EPOCHS = 6;

    private Scope scope;
    private NDArray x;
    private NDArray y;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(5);
        x = RandomOps.normal(Shape.of(SAMPLES, 6), 0, 1, DType.FLOAT32);
        y = x.slice(1, 0, 3).argMax(1).cast(DType.INT32);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private DataLoader<NDArray[]> loader(int batch) {
        return DataLoader.builder(new ArrayDataset(x, y), Collate.stack())
                .batchSize(batch)
                .shuffle(4)
                .build();
    }

    private static final class Cut extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    /** A training as a program makes it each time it is started. */
    private final class Program {
        private final Optimizer optimizer;
        private final Schedule schedule;
        private final Precision precision;
        private final int accumulation;
        private final boolean averages;
        private final boolean hybrid;
        private final double clip;
        private final int every;
        private final int validation;
        private final boolean weighs;
        private final long order;

        Program(Random random) {
            optimizer = List.of(new Sgd(0.9), new Adam(), new Lookahead(new Adam(), 3, 0.5), new Lamb(), new Sgld())
                    .get(random.nextInt(5));
            schedule = List.<Schedule>of(
                            new CosineDecay(0.02, 40, 0.001), new WarmUp(7, 0.001, new CosineDecay(0.02, 40, 0.001)))
                    .get(random.nextInt(2));
            precision = Precision.values()[random.nextInt(Precision.values().length)];
            accumulation = 1 + random.nextInt(3);
            averages = random.nextBoolean();
            hybrid = random.nextBoolean();
            clip = random.nextBoolean() ? 1 : Double.POSITIVE_INFINITY;
            every = 1 + random.nextInt(2);
            validation = 1 + random.nextInt(2);
            weighs = random.nextBoolean();
            order = random.nextLong();
        }

        /** Runs to the end or, when it is not negative, to a batch. */
        String run(Path directory, long initial, int cutAfter) throws IOException {
            RandomGenerator.seed(initial);
            try (Block net =
                    new Sequential(new Dense(12, Activation.RELU), new BatchNorm(), new Dropout(0.2), new Dense(3))) {
                net.initialize(initial);
                net.inferShapes(Shape.of(1, 6));
                if (hybrid) {
                    net.hybridize();
                }
                UpdateRule rule = new UpdateRule(optimizer, schedule, 0.01, Double.POSITIVE_INFINITY, clip);
                try (Trainer trainer = new Trainer(net.parameters(), rule)
                        .precision(precision, CastLists.STANDARD, new LossScaler.Settings(0x1p30, 2, 3, 0x1p30))
                        .accumulate(accumulation)) {
                    if (averages) {
                        trainer.average(new WeightAverage.Settings(0.9, true));
                    }
                    Loss loss = weighs
                            ? new SoftmaxCrossEntropy().withIgnoredLabel(2).withClassWeights(1, 2, 3)
                            : new SoftmaxCrossEntropy();
                    Fit fit = new Fit(net, loss, trainer).metrics(new Accuracy());
                    handlers(directory).forEach(fit::handle);
                    fit.handle(new FitHandler() {
                        @Override
                        public void batchEnd(FitProgress p) {
                            if (p.batches() == cutAfter) {
                                throw new Cut();
                            }
                        }
                    });
                    if (cutAfter >= 0) {
                        assertThrows(Cut.class, () -> fit.run(loader(BATCH), EPOCHS));
                        return "";
                    }
                    List<Map<String, Double>> history = fit.run(loader(BATCH), EPOCHS);
                    StringBuilder all = new StringBuilder(history.toString())
                            .append(fit.progress().stopped())
                            .append(fit.progress().batches())
                            .append(' ')
                            .append(trainer.steps())
                            .append(' ')
                            .append(trainer.learningRate())
                            .append(' ')
                            .append(trainer.lossScale())
                            .append(RandomGenerator.state());
                    net.values().forEach((n, v) -> all.append(n).append(bits(v)));
                    if (averages) {
                        try (WeightAverage.Swap swap = trainer.average().swapIn()) {
                            net.values().forEach((n, v) -> all.append(n).append(bits(v)));
                        }
                    }
                    return all.toString();
                }
            }
        }

        /** Validation first, as others judge by it; the rest in any order. */
        private List<FitHandler> handlers(Path directory) {
            List<FitHandler> rest = new ArrayList<>(List.of(
                    new EarlyStopping(Monitored.smallest("validation loss"), 2),
                    new LowerOnPlateau(
                            Monitored.smallest("validation loss"), new ReduceOnPlateau.Settings(0.5, 1, 0.05, 1, 0)),
                    new LowerOnPlateau(Monitored.largest("accuracy"), new ReduceOnPlateau.Settings(0.7, 2, 0.1, 0, 0)),
                    new Checkpoints(directory).resume().every(every).keepBest(Monitored.largest("accuracy"))));
            Collections.shuffle(rest, new Random(order));
            rest.add(0, new Validation(loader(16), new Accuracy()).every(validation));
            return rest;
        }

        @Override
        public String toString() {
            return optimizer + " " + schedule + " " + precision + " accumulation " + accumulation + " averages "
                    + averages
                    + " hybrid " + hybrid + " clip " + clip + " every " + every + " validation " + validation
                    + " weighs "
                    + weighs;
        }
    }

    private static String bits(NDArray v) {
        float[] f = v.toFloatArray();
        int[] bits = new int[f.length];
        for (int i = 0; i < f.length; i++) {
            bits[i] = Float.floatToRawIntBits(f[i]);
        }
        return java.util.Arrays.toString(bits);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void aTrainingThatWasCutAnywhereHasTheBitsOfTheWhole(long seed, @TempDir Path directory) throws IOException {
        Random random = new Random(seed);
        Program program = new Program(random);
        String whole = program.run(directory.resolve("whole"), 3, -1);
        int cut = 1 + random.nextInt(BATCHES * 3);
        Path resumed = directory.resolve("resumed");
        program.run(resumed, 3, cut);
        boolean saved = cut > BATCHES * program.every;
        String again = program.run(resumed, saved ? 77 : 3, -1);
        assertEquals(whole, again, program + " cut after batch " + cut);
    }

    @Test
    void whatIsLeftOverAtTheEndOfAnEpochIsApplied() throws IOException {
        try (Block net = new Dense(3)) {
            net.initialize(1);
            try (Trainer trainer = new Trainer(net.parameters(), new UpdateRule(new Sgd(), 0.1)).accumulate(3)) {
                new Fit(net, new SoftmaxCrossEntropy(), trainer).run(loader(BATCH), 2);
                assertEquals(4, trainer.steps());
            }
        }
    }

    @Test
    void accumulatedBatchesOfUnequalSizesAreOneBatch() throws IOException {
        float[][] weights = new float[2][];
        for (int i = 0; i < 2; i++) {
            try (Block net = new Dense(3)) {
                net.initialize(1);
                try (Trainer trainer =
                        new Trainer(net.parameters(), new UpdateRule(new Sgd(), 0.1)).accumulate(i == 0 ? 1 : 2)) {
                    new Fit(net, new SoftmaxCrossEntropy(), trainer).run(loader(i == 0 ? SAMPLES : 30), 1);
                    assertEquals(1, trainer.steps());
                    weights[i] = net.values().get("weight").toFloatArray();
                }
            }
        }
        assertArrayEquals(weights[0], weights[1], 1e-6f);
    }

    @Test
    void batchesAndValidationsInWhichNothingCountsAreTold() throws IOException {
        try (Block net = new Dense(3)) {
            net.initialize(1);
            try (Trainer trainer = new Trainer(net.parameters(), new UpdateRule(new Adam(), 0.1))) {
                NDArray some = NDArray.ones(Shape.of(SAMPLES), DType.FLOAT32);
                NDArray none = NDArray.zeros(Shape.of(SAMPLES), DType.FLOAT32);
                String training = assertThrows(
                                IllegalArgumentException.class, () -> new Fit(net, new SoftmaxCrossEntropy(), trainer)
                                        .weighted()
                                        .run(weighted(none), 1))
                        .getMessage();
                assertTrue(training.contains("epoch 0: nothing counts in its 38 samples"), training);
                assertEquals(0, trainer.steps());
                String validation = assertThrows(
                                IllegalArgumentException.class, () -> new Fit(net, new SoftmaxCrossEntropy(), trainer)
                                        .weighted()
                                        .handle(new Validation(weighted(none)).weighted())
                                        .run(weighted(some), 1))
                        .getMessage();
                assertTrue(validation.contains("validation: nothing counts"), validation);
            }
        }
    }

    private DataLoader<NDArray[]> weighted(NDArray weights) {
        return DataLoader.builder(new ArrayDataset(x, y, weights), Collate.stack())
                .batchSize(BATCH)
                .build();
    }

    @Test
    void weightsAndIgnoredLabelsReachLossMetricsAndValidationAlike() throws IOException {
        NDArray mask = y.ne(2).cast(DType.FLOAT32);
        try (Block net = new Dense(3)) {
            net.initialize(1);
            try (Trainer trainer = new Trainer(net.parameters(), new UpdateRule(new Sgd(0), 1e-30))) {
                Map<String, Double> byWeight = new Fit(net, new SoftmaxCrossEntropy(), trainer)
                        .weighted()
                        .metrics(new Accuracy())
                        .handle(new Validation(weighted(mask), new Accuracy()).weighted())
                        .run(weighted(mask), 1)
                        .get(0);
                Map<String, Double> byLabel = new Fit(net, new SoftmaxCrossEntropy().withIgnoredLabel(2), trainer)
                        .metrics(new Accuracy())
                        .handle(new Validation(loader(7), new Accuracy()))
                        .run(loader(BATCH), 1)
                        .get(0);
                assertEquals(byWeight.keySet(), byLabel.keySet());
                byWeight.forEach((name, value) -> assertEquals(value, byLabel.get(name), 1e-6, name));
                assertEquals(byWeight.get("loss"), byWeight.get("validation loss"), 1e-6);
            }
        }
    }
}
