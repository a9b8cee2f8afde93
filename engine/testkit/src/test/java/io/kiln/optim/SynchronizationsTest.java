package io.kiln.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.data.ArrayDataset;
import io.kiln.data.Collate;
import io.kiln.data.DataLoader;
import io.kiln.fake.FakeBackend;
import io.kiln.fit.Fit;
import io.kiln.fit.FitHandler;
import io.kiln.fit.FitProgress;
import io.kiln.fit.Validation;
import io.kiln.metric.Accuracy;
import io.kiln.metric.MeanLoss;
import io.kiln.metric.Metric;
import io.kiln.metric.TopKAccuracy;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Embedding;
import io.kiln.nn.Flatten;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.Precision;
import io.kiln.op.activation.Activation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A training step waits for its device once, where its loss is read, and never when nobody reads it. */
@Tag("core")
class SynchronizationsTest {
    private static final Device DEVICE = new Device(FakeBackend.TYPE, 0);
    private static final int BATCH = 8;
    private static final int WARM_UP = 2;
    private static final List<Long> ONE_EACH = List.of(1L, 1L, 1L);

    private final FakeBackend fake = FakeBackend.get(0);
    private Context context;
    private Scope scope;

    @BeforeEach
    void open() {
        context = Context.open(DEVICE);
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
        context.close();
    }

    /** How a step is run. */
    private enum Mode {
        EAGER,
        HYBRIDIZED,
        COMPILED
    }

    /**
     * What is trained.
     *
     * @param name what is special about it
     * @param network makes the network
     * @param words whether it takes numbers of words in place of features
     * @param loss the loss
     * @param rule the update
     * @param precision of the trainer
     */
    private record Case(
            String name, Supplier<Block> network, boolean words, Loss loss, UpdateRule rule, Precision precision) {
        Case(String name, Supplier<Block> network, boolean words, UpdateRule rule) {
            this(name, network, words, new SoftmaxCrossEntropy(), rule, Precision.FLOAT32);
        }

        Case(String name, UpdateRule rule) {
            this(name, rule, Precision.FLOAT32);
        }

        Case(String name, UpdateRule rule, Precision precision) {
            this(name, SynchronizationsTest::dense, false, new SoftmaxCrossEntropy(), rule, precision);
        }

        NDArray data() {
            return words
                    ? NDArray.of(Shape.of(BATCH, 2), 0L, 5, 3, 3, 9, 1, 2, 4, 0, 7, 3, 8, 9, 9, 6, 2)
                    : NDArray.arange(0, BATCH * 6, 1, DType.FLOAT32).mul(0.02).reshape(BATCH, 6);
        }

        NDArray labels() {
            return NDArray.of(0f, 1, 2, 0, 1, 2, 2, 1);
        }

        /** Takes the loss in float32. */
        NDArray loss(Block net, NDArray x, NDArray y) {
            return loss.mean(net.call(x).cast(DType.FLOAT32), y);
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private static Block dense() {
        return new Sequential(new Dense(8, Activation.RELU), new Dense(3));
    }

    private static Block dropout() {
        return new Sequential(new Dense(8, Activation.RELU), new Dropout(0.3), new Dense(3));
    }

    private static Block words() {
        return new Sequential(new Embedding(10, 4), new Flatten(), new Dense(3));
    }

    private static Block largeTable() {
        return new Sequential(new Embedding(1 << 14, 32), new Flatten(), new Dense(3));
    }

    private static Block rows() {
        return new Sequential(new Embedding(10, 4).withRowGradient(), new Flatten(), new Dense(3));
    }

    private static UpdateRule rule(Optimizer optimizer) {
        return new UpdateRule(optimizer, 0.01).withWeightDecay(0.01);
    }

    private static Stream<Case> cases() {
        Loss ignoring = new SoftmaxCrossEntropy().withIgnoredLabel(2).withClassWeights(1, 2, 3);
        return Stream.of(
                new Case("sgd", rule(new Sgd(0.9))),
                new Case("adam", rule(new Adam())),
                new Case("clipping by the norm", rule(new Adam()).withClipNorm(0.1)),
                new Case("clipping by value", rule(new Sgd(0.9)).withClipValue(0.1)),
                new Case("lamb", rule(new Lamb())),
                new Case("lars", rule(new Lars())),
                new Case("lans", rule(new Lans())),
                new Case("lookahead", rule(new Lookahead(new Adam()))),
                new Case("noise", rule(new Sgld())),
                new Case("lamb, clipped", rule(new Lamb()).withClipNorm(0.1)),
                new Case("dropout", SynchronizationsTest::dropout, false, rule(new Adam())),
                new Case("embedding", SynchronizationsTest::words, true, rule(new Adam())),
                new Case("rows updated late", SynchronizationsTest::largeTable, true, rule(new Sgd(0.9))),
                new Case("rows updated lazily", SynchronizationsTest::rows, true, rule(new Adam())),
                new Case(
                        "rows updated lazily, clipped",
                        SynchronizationsTest::rows,
                        true,
                        rule(new Adam()).withClipNorm(0.1)),
                new Case(
                        "ignored and weighted labels",
                        SynchronizationsTest::dense,
                        false,
                        ignoring,
                        rule(new Adam()),
                        Precision.FLOAT32),
                new Case("bfloat16", rule(new Adam()), Precision.BFLOAT16),
                new Case("float16", rule(new Adam()), Precision.FLOAT16),
                new Case("float16, clipped", rule(new Adam()).withClipNorm(0.1), Precision.FLOAT16));
    }

    static Stream<Arguments> steps() {
        return cases().flatMap(c -> Stream.of(Mode.values())
                .filter(m -> m != Mode.COMPILED || c.precision == Precision.FLOAT32)
                .map(m -> Arguments.of(c, m)));
    }

    /** How often each of some steps waits. */
    private List<Long> waits(Runnable step) {
        List<Long> waits = new ArrayList<>();
        for (int i = 0; i < WARM_UP + ONE_EACH.size(); i++) {
            long before = fake.counters().synchronizations();
            step.run();
            if (i >= WARM_UP) {
                waits.add(fake.counters().synchronizations() - before);
            }
        }
        return waits;
    }

    private static void step(Case c, Block net, Trainer trainer, Consumer<NDArray> read) {
        try (Scope scope = Scope.open()) {
            NDArray x = c.data();
            NDArray y = c.labels();
            NDArray loss;
            if (c.precision == Precision.FLOAT32) {
                try (Autograd.Mode record = Autograd.record()) {
                    loss = c.loss(net, x, y);
                }
                Autograd.backward(loss);
            } else {
                loss = trainer.differentiate(() -> c.loss(net, x, y));
            }
            trainer.step(1);
            read.accept(loss);
        }
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("steps")
    void aStepWaitsForItsLossAlone(Case c, Mode mode) {
        try (Block net = c.network.get()) {
            net.call(c.data());
            if (mode == Mode.COMPILED) {
                try (TrainStep step = new TrainStep(net, c.loss, c.rule)) {
                    NDArray y = c.labels();
                    assertEquals(ONE_EACH, waits(() -> assertTrue(Double.isFinite(step.run(c.data(), y)))));
                }
                return;
            }
            if (mode == Mode.HYBRIDIZED) {
                net.hybridize();
            }
            try (Trainer trainer = new Trainer(net.parameters(), c.rule).precision(c.precision)) {
                assertEquals(
                        ONE_EACH, waits(() -> step(c, net, trainer, loss -> assertTrue(Double.isFinite(loss.item())))));
                boolean scaled = c.precision == Precision.FLOAT16; // whether gradients overflowed decides the next step
                assertEquals(
                        scaled ? ONE_EACH : List.of(0L, 0L, 0L),
                        waits(() -> step(c, net, trainer, loss -> {})),
                        "when nobody reads the loss");
            }
        }
    }

    /** Notes how often the device was waited for when a batch has ended. */
    private final class Waits implements FitHandler {
        private final List<Long> counts = new ArrayList<>();

        @Override
        public void batchBegin(FitProgress progress) {
            counts.add(-fake.counters().synchronizations());
        }

        @Override
        public void batchEnd(FitProgress progress) {
            assertTrue(Double.isFinite(progress.batchLoss()));
            counts.set(
                    counts.size() - 1,
                    counts.get(counts.size() - 1) + fake.counters().synchronizations());
        }
    }

    static Stream<Arguments> fits() {
        Loss plain = new SoftmaxCrossEntropy();
        Loss ignoring = new SoftmaxCrossEntropy().withIgnoredLabel(2);
        return Stream.of(
                Arguments.of("plain", plain, false, Precision.FLOAT32, 1),
                Arguments.of("ignored labels", ignoring, false, Precision.FLOAT32, 1),
                Arguments.of("weights", plain, true, Precision.FLOAT32, 1),
                Arguments.of("float16", plain, false, Precision.FLOAT16, 1),
                Arguments.of("accumulated", plain, false, Precision.FLOAT32, 2));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("fits")
    void aFitWaitsOncePerBatch(String name, Loss loss, boolean weighted, Precision precision, int accumulated)
            throws IOException {
        NDArray x = NDArray.arange(0, 24 * 6, 1, DType.FLOAT32).mul(0.01).reshape(24, 6);
        NDArray y = NDArray.arange(0, 24, 1, DType.INT32).mod(NDArray.scalar(3, DType.INT32));
        NDArray w = NDArray.arange(0, 24, 1, DType.FLOAT32).mul(0.1);
        DataLoader<NDArray[]> batches = DataLoader.builder(
                        weighted ? new ArrayDataset(x, y, w) : new ArrayDataset(x, y), Collate.stack())
                .batchSize(BATCH)
                .build();
        try (Block net = dense()) {
            net.call(x);
            try (Trainer trainer = new Trainer(
                            net.parameters(), rule(new Adam()).withClipNorm(0.5))
                    .precision(precision)
                    .accumulate(accumulated)) {
                Waits train = new Waits();
                Metric[] metrics = {new Accuracy(), new TopKAccuracy(2), new MeanLoss(loss)};
                Fit fit = new Fit(net, loss, trainer).metrics(metrics).handle(train);
                fit = weighted ? fit.weighted() : fit;
                fit.run(batches, 2);
                assertEquals(List.of(1L, 1L, 1L, 1L, 1L, 1L), train.counts);
                long before = fake.counters().synchronizations();
                Validation validation = new Validation(batches, new Accuracy(), new MeanLoss(loss));
                (weighted ? validation.weighted() : validation).epochEnd(fit.progress());
                assertEquals(3, fake.counters().synchronizations() - before, "one for each batch of validation");
            }
        }
    }
}
