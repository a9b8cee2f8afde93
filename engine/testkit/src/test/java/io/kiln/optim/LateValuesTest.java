package io.kiln.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.fake.FakeBackend;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Embedding;
import io.kiln.nn.Flatten;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.L2;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.Dispatch;
import io.kiln.op.index.GatherAlong;
import io.kiln.op.index.GatherNd;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.recurrent.SequenceLast;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A device that decides by itself decides as Java does, and what is wrong is told where the program next reads a value. */
class LateValuesTest {
    private static final Device DEVICE = new Device(FakeBackend.TYPE, 0);

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

    static Stream<Arguments> rules() {
        return Stream.of(
                        new Sgd(0.9),
                        new Adam(),
                        new Lamb(),
                        new Lamb(0.9, 0.99, 1e-6, 0.5, 1.5),
                        new Lars(),
                        new Lans(),
                        new Lookahead(new Adam()),
                        new GroupAdaGrad(),
                        new Dcasgd())
                .flatMap(o -> Stream.of(Double.POSITIVE_INFINITY, 0.05).map(bound -> Arguments.of(o, bound)));
    }

    @ParameterizedTest(name = "{0}, norm at most {1}")
    @MethodSource("rules")
    void updatesHaveTheBitsOfTheProcessor(Optimizer optimizer, double bound) {
        UpdateRule rule = new UpdateRule(optimizer, 0.02).withWeightDecay(0.01).withClipNorm(bound);
        for (boolean rows : new boolean[] {false, true}) {
            for (boolean compiled : new boolean[] {false, true}) {
                List<float[]> here = trained(Device.cpu(), rule, rows, compiled);
                List<float[]> there = trained(DEVICE, rule, rows, compiled);
                for (int i = 0; i < here.size(); i++) {
                    assertArrayEquals(here.get(i), there.get(i), 0, optimizer + ", parameter " + i);
                }
            }
        }
    }

    private static Block words(boolean rows) {
        Embedding table = new Embedding(10, 4);
        return new Sequential(rows ? table.withRowGradient() : table, new Flatten(), new Dense(3));
    }

    /** All parameters after some steps. */
    private static List<float[]> trained(Device device, UpdateRule rule, boolean rows, boolean compiled) {
        try (Context there = Context.open(device);
                Scope scope = Scope.open();
                Block net = words(rows)) {
            RandomGenerator.seed(3);
            net.initialize(5);
            Loss loss = new SoftmaxCrossEntropy();
            NDArray x = NDArray.of(Shape.of(3, 2), 0L, 5, 3, 3, 9, 1);
            NDArray y = NDArray.of(0f, 1, 2);
            net.call(x);
            if (compiled) {
                try (TrainStep step = new TrainStep(net, loss, rule)) {
                    for (int i = 0; i < 4; i++) {
                        step.run(x, y);
                    }
                }
            } else {
                try (Trainer trainer = new Trainer(net.parameters(), rule)) {
                    for (int i = 0; i < 4; i++) {
                        trainer.differentiate(() -> loss.mean(net.call(x), y));
                        trainer.step(1);
                    }
                }
            }
            return values(net);
        }
    }

    private static List<float[]> values(Block net) {
        List<float[]> values = new ArrayList<>();
        net.parameters().values().forEach(p -> values.add(p.value().toFloatArray()));
        return values;
    }

    private <T> T withoutWait(Supplier<T> work) {
        long before = fake.counters().synchronizations();
        T result = work.get();
        assertEquals(before, fake.counters().synchronizations());
        return result;
    }

    @Test
    void anUpdateWhoseNormIsNotFiniteChangesNothingAndIsToldWithTheLoss() {
        UpdateRule rule = new UpdateRule(new Lamb(), 0.1).withClipNorm(1);
        try (Block net = new Dense(2);
                Trainer trainer = new Trainer(net.parameters(), rule)) {
            NDArray x = NDArray.of(Shape.of(1, 3), 1f, 2f, 3f);
            net.initialize(1);
            net.call(x);
            fit(net, trainer, x).item();
            List<float[]> before = values(net);
            NDArray bad = NDArray.of(Shape.of(1, 3), 1f, Float.NaN, 3f);
            NDArray loss = withoutWait(() -> fit(net, trainer, bad));
            IllegalStateException e = assertThrows(IllegalStateException.class, loss::item);
            assertTrue(
                    e.getMessage().startsWith("trainer: the norm of the gradients is NaN at step 2"), e.getMessage());
            assertEquals(before.size(), values(net).size());
            for (int i = 0; i < before.size(); i++) {
                assertArrayEquals(before.get(i), values(net).get(i));
            }
            assertTrue(Double.isFinite(fit(net, trainer, x).item()), "states are as they were");
        }
    }

    private static NDArray fit(Block net, Trainer trainer, NDArray x) {
        NDArray loss = trainer.differentiate(() -> net.call(x).square().sum());
        trainer.step(1);
        return loss;
    }

    @Test
    void aCompiledStepTellsIt() {
        UpdateRule rule = new UpdateRule(new Adam(), 0.1).withClipNorm(1);
        try (Block net = new Dense(2);
                TrainStep step = new TrainStep(net, new L2(), rule)) {
            net.initialize(1);
            NDArray x = NDArray.of(Shape.of(1, 3), 1f, 2f, 3f);
            NDArray y = NDArray.of(Shape.of(1, 2), 1f, 2f);
            net.call(x);
            step.run(x, y);
            List<float[]> before = values(net);
            NDArray bad = NDArray.of(Shape.of(1, 3), 1f, Float.POSITIVE_INFINITY, 3f);
            IllegalStateException e = assertThrows(IllegalStateException.class, () -> step.run(bad, y));
            assertTrue(e.getMessage().startsWith("train step: the norm of the gradients is "), e.getMessage());
            assertTrue(e.getMessage().contains(" at step 2"), e.getMessage());
            for (int i = 0; i < before.size(); i++) {
                assertArrayEquals(before.get(i), values(net).get(i));
            }
        }
    }

    @Test
    void indicesThatTheDeviceHasComputedAreRefusedWhereTheResultIsRead() {
        NDArray x = NDArray.of(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
        NDArray good = NDArray.of(Shape.of(2, 1), 0L, 1).sub(1);
        NDArray taken = withoutWait(() -> Dispatch.one(new GatherAlong(1), x, good));
        assertArrayEquals(new float[] {3, 4}, taken.toFloatArray());
        NDArray bad = NDArray.of(Shape.of(2, 1), 0L, 1).add(2);
        NDArray wrong = withoutWait(() -> Dispatch.one(new GatherAlong(1), x, bad));
        IndexRangeException e = assertThrows(IndexRangeException.class, wrong::toFloatArray);
        assertEquals("gatherAlong: indices must be from -3 to 2, got 3 at [1,0]", e.getMessage());
        assertArrayEquals(new float[] {3, 4}, taken.toFloatArray(), "it is told once");
        NDArray places = NDArray.of(Shape.of(1, 2), 1L, 1).add(1);
        NDArray outside = withoutWait(() -> Dispatch.one(new GatherNd(), x, places));
        e = assertThrows(IndexRangeException.class, outside::item);
        assertEquals("gatherNd (axis 0): indices must be from -2 to 1, got 2 at [0]", e.getMessage());
    }

    @Test
    void lengthsAreRefusedLate() {
        NDArray x = NDArray.arange(0, 6, 1, DType.FLOAT32).reshape(3, 2, 1);
        NDArray last = withoutWait(() -> Dispatch.one(new SequenceLast(0), x, NDArray.of(Shape.of(2), 3L, 4)));
        IndexRangeException e = assertThrows(IndexRangeException.class, last::toFloatArray);
        assertEquals("sequenceLast (length - 1): indices must be from 0 to 2, got 3 at [1]", e.getMessage());
    }

    @Test
    void whatJavaKnowsIsRefusedAtTheCall() {
        NDArray x = NDArray.of(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
        NDArray bad = NDArray.of(Shape.of(2, 1), 0L, 3);
        assertThrows(IndexRangeException.class, () -> withoutWait(() -> Dispatch.one(new GatherAlong(1), x, bad)));
    }

    @Test
    void weightsThatAreAllZeroAreRefusedWithTheLoss() {
        NDArray p = NDArray.of(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
        NDArray loss = withoutWait(
                () -> new SoftmaxCrossEntropy().mean(p, NDArray.of(0f, 2), NDArray.zeros(Shape.of(2), DType.FLOAT32)));
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, loss::item);
        assertTrue(e.getMessage().contains("are all 0, so there is no mean"), e.getMessage());
    }

    @Test
    void aContextTellsWhatNobodyHasReadFor() {
        Context own = Context.open(DEVICE);
        try (Scope inner = Scope.open();
                Autograd.Mode predict = Autograd.pause()) {
            NDArray bad = NDArray.of(Shape.of(1), 0L).add(9);
            Dispatch.one(new GatherAlong(0), NDArray.of(1, 2), bad);
        }
        assertThrows(IndexRangeException.class, own::close);
        assertEquals(context, Context.current());
    }
}
