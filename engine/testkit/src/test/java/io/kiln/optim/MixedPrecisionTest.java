package io.kiln.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.Golden;
import io.kiln.autograd.Autograd;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.LayerNorm;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.Autocast;
import io.kiln.op.CastLists;
import io.kiln.op.Operator;
import io.kiln.op.Precision;
import io.kiln.op.activation.Activation;
import io.kiln.op.index.Indexing;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.math.Tanh;
import io.kiln.op.nn.Linear;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import io.kiln.op.shape.Movement;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MixedPrecisionTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(4);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static NDArray normal(long... dims) {
        return RandomOps.normal(Shape.of(dims), 0, 1, DType.FLOAT32);
    }

    private static Block network() {
        Block net = new Sequential(
                Conv2D.builder().channels(8).kernel(3).build(),
                new BatchNorm(),
                Activations.relu(),
                Pool.max2D(2),
                new Dense(16, Activation.TANH),
                new Dense(3));
        net.initialize(8);
        return net;
    }

    @Test
    void operatorsComputeInTheTypeOfTheirList() {
        NDArray a = normal(3, 4);
        NDArray b = normal(4, 5);
        try (Autocast.Mode cast = Autocast.open(Precision.BFLOAT16)) {
            NDArray y = a.matmul(b);
            assertEquals(DType.BFLOAT16, y.dtype());
            assertEquals(DType.BFLOAT16, y.relu().dtype(), "in no list: as the input");
            assertEquals(DType.FLOAT32, y.softmax(1).dtype());
            assertEquals(DType.FLOAT32, y.add(a.slice(1, 0, 1)).dtype(), "the widest of the inputs");
            assertEquals(DType.BFLOAT16, new BatchNorm().forward(y).dtype(), "statistics are float32");
            assertEquals(DType.FLOAT32, new LayerNorm().forward(y).dtype());
            assertEquals(DType.FLOAT32, Movement.concat(1, y, a).dtype());
            assertEquals(DType.BFLOAT16, Movement.concat(1, y, y).dtype());
            NDArray rows = NDArray.of(Shape.of(2), 0, 2);
            NDArray sum = Indexing.scatterAdd(a, rows, y.slice(1, 0, 4).slice(0, 0, 2), 0);
            assertEquals(DType.FLOAT32, sum.dtype(), "an operator in no list gets inputs of one type");
            assertEquals(
                    DType.FLOAT64,
                    a.cast(DType.FLOAT64).matmul(b.cast(DType.FLOAT64)).dtype());
            try (Autocast.Mode pause = Autocast.pause()) {
                assertEquals(DType.FLOAT32, a.matmul(b).dtype());
            }
            try (Autocast.Mode single = Autocast.open(Precision.FLOAT32)) {
                assertEquals(DType.FLOAT32, a.matmul(b).dtype());
            }
            assertEquals(DType.BFLOAT16, a.matmul(b).dtype(), "after the pauses");
        }
        assertEquals(DType.FLOAT32, a.matmul(b).dtype(), "after the mode");
    }

    @Test
    void listsDecideOperatorByOperator() {
        NDArray a = normal(3, 3);
        CastLists lists = CastLists.STANDARD.withWide(MatMul.class).withNarrow(Tanh.class);
        try (Autocast.Mode cast = Autocast.open(Precision.BFLOAT16, lists)) {
            assertEquals(DType.FLOAT32, a.matmul(a).dtype());
            assertEquals(DType.BFLOAT16, a.tanh().dtype());
        }
        Set<Class<? extends Operator>> one = Set.of(Linear.class);
        assertThrows(IllegalArgumentException.class, () -> new CastLists(one, one, Set.of()));
    }

    @Test
    void resultsAreThoseOfFloat32RoundedToTheNarrowType() {
        NDArray a = normal(16, 64);
        NDArray b = normal(64, 8);
        double[] exact = a.matmul(b).toDoubleArray();
        for (Precision p : new Precision[] {Precision.BFLOAT16, Precision.FLOAT16}) {
            try (Autocast.Mode cast = Autocast.open(p)) {
                double tolerance = p == Precision.BFLOAT16 ? 0.1 : 0.015;
                Golden.assertClose(exact, a.matmul(b).toDoubleArray(), tolerance, p.toString());
            }
        }
    }

    /** Loss and gradients of one pass in bfloat16. */
    private static Map<String, double[]> pass(Block net, NDArray x, NDArray y) {
        try (Trainer trainer = new Trainer(net.parameters(), new UpdateRule(new Sgd())).precision(Precision.BFLOAT16)) {
            NDArray loss = trainer.differentiate(() -> new SoftmaxCrossEntropy().mean(net.forward(x), y));
            assertEquals(DType.FLOAT32, loss.dtype());
            Map<String, double[]> found = new TreeMap<>();
            found.put("loss", loss.toDoubleArray());
            net.parameters().forEach((n, p) -> {
                if (p.isTrained()) {
                    assertEquals(DType.FLOAT32, p.gradient().dtype(), n);
                    found.put(n, p.gradient().toDoubleArray());
                }
            });
            return found;
        }
    }

    @Test
    void aGraphTracedInMixedPrecisionIsTheNetworkInIt() {
        NDArray x = normal(6, 2, 8, 8);
        NDArray y = NDArray.of(Shape.of(6), 0, 1, 2, 0, 1, 2);
        Block net = network();
        Map<String, double[]> eager = pass(net, x, y);
        GraphBlock plain = new GraphBlock(network().trace(new Spec(Shape.of(Shape.UNKNOWN, 2, 8, 8), DType.FLOAT32)));
        Graph mixed = plain.inPrecision(Precision.BFLOAT16, CastLists.STANDARD);
        assertEquals(plain.graph().parameters(), mixed.parameters());
        GraphBlock traced = new GraphBlock(Graph.fromJson(mixed.toJson()));
        traced.initialize(8);
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            loss = new SoftmaxCrossEntropy().mean(traced.forward(x).cast(DType.FLOAT32), y);
        }
        Autograd.backward(loss);
        assertArrayEquals(eager.get("loss"), loss.toDoubleArray());
        traced.parameters().forEach((n, p) -> {
            if (p.isTrained()) {
                assertArrayEquals(eager.get(n), p.gradient().toDoubleArray(), n);
            }
        });
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void trainingConvergesInEveryPrecision(Precision precision) {
        NDArray x = normal(48, 1, 8, 8);
        NDArray y = x.reshape(48, 64).slice(1, 0, 3).argMax(1);
        Block net = network();
        double first = 0;
        double last = 0;
        try (Trainer trainer = new Trainer(net.parameters(), new UpdateRule(new Adam(), 0.01)).precision(precision)) {
            for (int t = 0; t < 60; t++) {
                try (Scope step = Scope.open()) {
                    last = trainer.differentiate(() -> new SoftmaxCrossEntropy().mean(net.forward(x), y))
                            .item();
                    assertTrue(trainer.step(1));
                }
                first = t == 0 ? last : first;
            }
        }
        assertTrue(first > 0.8 && last < 0.1, precision + ": loss from " + first + " to " + last);
        net.parameters().forEach((n, p) -> assertEquals(DType.FLOAT32, p.value().dtype(), n));
    }

    @Test
    void scalingKeepsSmallGradientsFromVanishingInFloat16() {
        NDArray x = NDArray.full(Shape.of(1, 1), 1, DType.FLOAT32);
        for (boolean scaled : new boolean[] {false, true}) {
            Dense layer = Dense.builder().units(1).useBias(false).build();
            layer.forward(x);
            double gradient;
            try (Trainer trainer = new Trainer(layer.parameters(), new UpdateRule(new Sgd(), 1))) {
                trainer.precision(
                        Precision.FLOAT16,
                        CastLists.STANDARD,
                        new LossScaler.Settings(scaled ? 0x1p16 : 1, 2, 5, 0x1p24));
                double before = layer.values().get("weight").item();
                layer.parameters().get("weight").set(NDArray.zeros(Shape.of(1, 1), DType.FLOAT32));
                assertTrue(Double.isFinite(before));
                trainer.differentiate(
                        () -> layer.forward(x).cast(DType.FLOAT32).mul(1e-8).sum());
                assertTrue(trainer.step(1));
                gradient = -layer.values().get("weight").item();
            }
            assertEquals(scaled ? 1e-8 : 0, gradient, 1e-10);
        }
    }

    @Test
    void anOverflowIsLeftOutAndHalvesTheScale() {
        Dense layer = new Dense(1);
        NDArray x = normal(4, 3);
        layer.forward(x);
        try (Trainer trainer =
                new Trainer(layer.parameters(), new UpdateRule(new Adam())).precision(Precision.FLOAT16)) {
            assertEquals(0x1p16, trainer.lossScale());
            float[] before = layer.values().get("weight").toFloatArray();
            trainer.differentiate(
                    () -> layer.forward(x).cast(DType.FLOAT32).mul(100).sum());
            assertFalse(trainer.step(1));
            assertEquals(0x1p15, trainer.lossScale());
            assertEquals(0, trainer.steps());
            assertArrayEquals(before, layer.values().get("weight").toFloatArray());
            trainer.differentiate(
                    () -> layer.forward(x).cast(DType.FLOAT32).mul(0.01).sum());
            assertTrue(trainer.step(1));
            assertEquals(1, trainer.steps());
        }
    }

    @Test
    void gradientsThatAlwaysOverflowEndTraining() {
        LossScaler scaler = new LossScaler(new LossScaler.Settings(4, 2, 3, 16, 1, 3));
        boolean[] overflows = {true, true, true, true, false, true, true};
        for (boolean o : overflows) {
            scaler.observe(o);
        }
        assertEquals(1, scaler.scale());
        LossScaler restored = new LossScaler(new LossScaler.Settings(4, 2, 3, 16, 1, 3));
        restored.restore(scaler.state());
        LossScaleException e = assertThrows(LossScaleException.class, () -> restored.observe(true));
        assertTrue(e.getMessage().contains("3 steps in a row at the least loss scale 1.0"), e.getMessage());
        Dense net = new Dense(1);
        net.initialize(1);
        try (Scope all = Scope.open();
                Trainer t =
                        new Trainer(net.parameters(), new UpdateRule(new Sgd(0), 0.1)).precision(Precision.FLOAT16)) {
            NDArray x = NDArray.full(Shape.of(4, 8), 60000, DType.FLOAT32);
            assertThrows(LossScaleException.class, () -> {
                for (int i = 0; i < 100; i++) {
                    t.differentiate(
                            () -> net.call(x).mul(60000).mul(60000).square().sum());
                    t.step(1);
                }
            });
        }
    }

    @Test
    void theScaleGrowsAfterCleanStepsUpToItsLimit() {
        LossScaler scaler = new LossScaler(new LossScaler.Settings(4, 2, 3, 16));
        double[] scales = new double[9];
        for (int i = 0; i < scales.length; i++) {
            scaler.observe(i == 4);
            scales[i] = scaler.scale();
        }
        assertArrayEquals(new double[] {4, 4, 8, 8, 4, 4, 4, 8, 8}, scales);
        for (int i = 0; i < 9; i++) {
            scaler.observe(false);
        }
        assertEquals(16, scaler.scale());
        LossScaler standard = new LossScaler(new LossScaler.Settings());
        for (int i = 0; i < 2000; i++) {
            assertEquals(0x1p16, standard.scale());
            standard.observe(false);
        }
        assertEquals(0x1p17, standard.scale());
        assertThrows(IllegalArgumentException.class, () -> new LossScaler.Settings(4, 1, 3, 16));
    }
}
