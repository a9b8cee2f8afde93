package io.kiln.nn.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import io.kiln.autograd.Autograd;
import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.graph.RecordJson;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.UpdateRule;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("core")
class LossTest {
    private static final int N = 5;
    private static final int K = 4;
    private static final double TOLERANCE = 1e-5;
    /** MXNet's golden numbers are of float32, with squares that cancel. */
    private static final double SDML_TOLERANCE = 3e-5;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    static Stream<Map.Entry<String, Loss>> losses() {
        return Stream.of(
                Map.entry("l1", new L1()),
                Map.entry("l2", new L2()),
                Map.entry("huber", new Huber(0.7)),
                Map.entry("sigmoidBce", new SigmoidBce()),
                Map.entry("logistic", new Logistic()),
                Map.entry("hinge", new Hinge()),
                Map.entry("squaredHinge", new SquaredHinge()),
                Map.entry("klDivergence", new KlDivergence()),
                Map.entry("poissonNll", new PoissonNll()),
                Map.entry("softmaxCrossEntropy", new SoftmaxCrossEntropy()),
                Map.entry("softmaxCrossEntropyOfDistributions", new SoftmaxCrossEntropy()),
                Map.entry("smoothedCrossEntropy", new SmoothedCrossEntropy(0.2)),
                Map.entry("focal", new Focal()),
                Map.entry("softmaxFocal", new SoftmaxFocal()),
                Map.entry("dice", new Dice()),
                Map.entry("quantile", new Quantile(0.9)),
                Map.entry("gaussianNll", new GaussianNll()),
                Map.entry("multiLabelMargin", new MultiLabelMargin()));
    }

    static Stream<ViewLoss> viewLosses() {
        return Stream.of(new InfoNce(0.3, true), new NtXent(), new Sdml());
    }

    private static NDArray matrix(JsonNode list) {
        NDArray a = NDArray.of(Golden.floats(list));
        return list.size() > N ? a.reshape(N, list.size() / N) : a;
    }

    /** Against all paths, enumerated; the last two arguments are lengths that follow from the number of the sequence. */
    @ParameterizedTest
    @EnumSource(Ctc.Blank.class)
    void ctcAlignsLabelsUpToTheirPadding(Ctc.Blank blank) {
        JsonNode golden = Golden.read("nn/loss/ctc.json");
        JsonNode own = golden.get(blank.name().toLowerCase(java.util.Locale.ROOT));
        NDArray x = NDArray.of(Shape.of(4, 5, 4), Golden.floats(golden.get("logits")));
        NDArray labels = NDArray.of(Shape.of(4, 3), Golden.floats(own.get("labels")));
        double[] expected = Golden.doubles(own.get("loss"));
        Ctc batchFirst = new Ctc(Ctc.Layout.NTC, blank, false);
        Ctc stepsFirst = new Ctc(Ctc.Layout.TNC, blank, false);
        Golden.assertClose(expected, batchFirst.compute(x, labels).toDoubleArray(), 1e-5, "batch first");
        Golden.assertClose(
                expected,
                stepsFirst
                        .compute(x.transpose(1, 0, 2), labels.cast(DType.INT64))
                        .toDoubleArray(),
                1e-5,
                "steps first");
        NDArray steps = NDArray.of(Shape.of(4), 3, 4, 5, 3);
        NDArray count = NDArray.of(Shape.of(4), 0, 1, 2, 0);
        double[] shorter = Golden.doubles(own.get("shorter"));
        Golden.assertClose(shorter, batchFirst.compute(x, labels, steps, count).toDoubleArray(), 1e-5, "with lengths");
        assertThrows(ShapeException.class, () -> stepsFirst.compute(x, labels));
    }

    @Test
    void ctcLeavesOutWhatCannotBeAlignedAndIsTrained() {
        NDArray x = NDArray.zeros(Shape.of(2, 2, 3), DType.FLOAT32);
        NDArray labels = NDArray.of(Shape.of(2, 2), 1, 1, 0, 1);
        Loss kept = new Ctc();
        Loss dropped = new Ctc(Ctc.Layout.NTC, Ctc.Blank.LAST, true);
        assertEquals(Double.POSITIVE_INFINITY, kept.compute(x, labels).toDoubleArray()[0]);
        assertEquals(0, dropped.compute(x, labels).toDoubleArray()[0]);
        Dense net = Dense.builder().units(3).flatten(false).build();
        net.initialize(1);
        NDArray data = NDArray.of(Shape.of(2, 2, 2), 1f, 0, 0, 1, 1, 0, 0, 1);
        try (TrainStep step = new TrainStep(net, dropped, new UpdateRule(new Sgd(), 1))) {
            double first = step.run(data, labels);
            double last = first;
            for (int i = 0; i < 30; i++) {
                last = step.run(data, labels);
            }
            assertTrue(last < first / 4, "loss from " + first + " to " + last);
        }
    }

    private static void check(String name, UnaryOperator<NDArray> loss) {
        check(name, Golden.read("nn/loss/losses.json"), loss);
    }

    private static void check(String name, JsonNode golden, UnaryOperator<NDArray> loss) {
        JsonNode prediction = Golden.read("nn/loss/losses.json").get("prediction");
        NDArray p = Autograd.attachGradient(matrix(prediction).copy());
        NDArray l;
        try (Autograd.Mode record = Autograd.record()) {
            l = loss.apply(p);
        }
        Autograd.backward(l);
        assertEquals(Shape.of(N), l.shape());
        Golden.assertClose(Golden.doubles(golden.get(name).get("loss")), l.toDoubleArray(), TOLERANCE, name);
        double[] gradient = Autograd.gradient(p).toDoubleArray();
        double tolerance = name.equals("sdml") ? SDML_TOLERANCE : TOLERANCE;
        Golden.assertClose(Golden.doubles(golden.get(name).get("gradient")), gradient, tolerance, name + " gradient");
    }

    /** A loss as a block of two inputs. */
    private static final class LossBlock extends Block {
        private final Loss loss;

        LossBlock(Loss loss) {
            this.loss = loss;
        }

        @Override
        public NDArray forward(NDArray x) {
            throw new UnsupportedOperationException("takes prediction and label");
        }

        @Override
        public NDArray[] forwardAll(NDArray... in) {
            return new NDArray[] {loss.compute(in[0], in[1])};
        }
    }

    @ParameterizedTest
    @MethodSource("losses")
    void hybridizedLossIsEager(Map.Entry<String, Loss> row) {
        NDArray label =
                matrix(Golden.read("nn/loss/losses.json").get(row.getKey()).get("label"));
        NDArray[] results = new NDArray[2];
        NDArray[] gradients = new NDArray[2];
        for (int i = 0; i < 2; i++) {
            try (LossBlock block = new LossBlock(row.getValue())) {
                if (i == 1) {
                    block.hybridize();
                }
                NDArray p = Autograd.attachGradient(
                        matrix(Golden.read("nn/loss/losses.json").get("prediction"))
                                .copy());
                try (Autograd.Mode record = Autograd.record()) {
                    results[i] = block.callAll(p, label)[0];
                }
                Autograd.backward(results[i]);
                gradients[i] = Autograd.gradient(p);
            }
        }
        assertArrayEquals(results[0].toFloatArray(), results[1].toFloatArray());
        assertArrayEquals(gradients[0].toFloatArray(), gradients[1].toFloatArray());
    }

    @ParameterizedTest
    @MethodSource("losses")
    void lossAndGradientAreThoseOfOptax(Map.Entry<String, Loss> row) {
        JsonNode label = Golden.read("nn/loss/losses.json").get(row.getKey()).get("label");
        check(row.getKey(), p -> row.getValue().compute(p, matrix(label)));
    }

    @Test
    void pairLossesAndGradientsAreThoseOfOptax() {
        JsonNode golden = Golden.read("nn/loss/losses.json");
        for (Map.Entry<String, PairLoss> row : List.<Map.Entry<String, PairLoss>>of(
                Map.entry("triplet", new Triplet()),
                Map.entry("cosineEmbedding", new CosineEmbedding(0.1)),
                Map.entry("contrastive", new Contrastive(6)))) {
            JsonNode g = golden.get(row.getKey());
            check(row.getKey(), p -> row.getValue().compute(p, matrix(g.get("second")), matrix(g.get("third"))));
        }
    }

    @ParameterizedTest
    @MethodSource("viewLosses")
    void viewLossesAndGradientsAreThoseOfOptaxAndMxnet(ViewLoss loss) {
        JsonNode golden = Golden.read(loss instanceof Sdml ? "nn/loss/losses_mxnet.json" : "nn/loss/losses.json");
        NDArray second = matrix(golden.get(loss.name()).get("second"));
        check(loss.name(), golden, p -> loss.compute(p, second));
        assertEquals(loss, RecordJson.read(ViewLoss.class, loss.name(), RecordJson.write(loss)));
        Graph graph;
        try (GraphBuilder builder = GraphBuilder.open()) {
            NDArray a = builder.input("first", unknownBatch(second));
            graph = builder.build(loss.compute(a, builder.input("second", unknownBatch(second))));
            assertTrue(builder.constantValues().isEmpty(), "a loss keeps no arrays");
        }
        Graph read = Graph.fromJson(graph.toJson());
        NDArray first = matrix(Golden.read("nn/loss/losses.json").get("prediction"));
        assertSameAs(loss.name(), first, x -> loss.compute(x, second), x -> read.run(Map.of(), x, second)[0]);
    }

    @ParameterizedTest
    @MethodSource("losses")
    void tracedIsEager(Map.Entry<String, Loss> row) {
        JsonNode golden = Golden.read("nn/loss/losses.json");
        NDArray p = matrix(golden.get("prediction"));
        NDArray y = matrix(golden.get(row.getKey()).get("label"));
        Graph graph;
        try (GraphBuilder builder = GraphBuilder.open()) {
            NDArray prediction = builder.input("prediction", unknownBatch(p));
            NDArray label = builder.input("label", unknownBatch(y));
            graph = builder.build(
                    row.getValue().compute(prediction, label), row.getValue().mean(prediction, label));
            assertTrue(builder.constantValues().isEmpty(), "a loss keeps no arrays");
        }
        Graph read = Graph.fromJson(graph.toJson());
        assertSameAs(row.getKey(), p, x -> row.getValue().compute(x, y), x -> read.run(Map.of(), x, y)[0]);
        assertSameAs(row.getKey(), p, x -> row.getValue().mean(x, y), x -> read.run(Map.of(), x, y)[1]);
    }

    private static void assertSameAs(
            String name, NDArray p, UnaryOperator<NDArray> eager, UnaryOperator<NDArray> traced) {
        double[][] losses = new double[2][];
        double[][] gradients = new double[2][];
        for (int i = 0; i < 2; i++) {
            NDArray x = Autograd.attachGradient(p.copy());
            NDArray loss;
            try (Autograd.Mode record = Autograd.record()) {
                loss = (i == 0 ? eager : traced).apply(x);
            }
            Autograd.backward(loss);
            losses[i] = loss.toDoubleArray();
            gradients[i] = Autograd.gradient(x).toDoubleArray();
        }
        Golden.assertClose(losses[0], losses[1], 0, name);
        Golden.assertClose(gradients[0], gradients[1], 0, name + " gradient");
    }

    private static Spec unknownBatch(NDArray a) {
        return new Spec(a.shape().with(0, Shape.UNKNOWN), a.dtype());
    }

    @ParameterizedTest
    @MethodSource("losses")
    void lossesTravelByNameAndAttributes(Map.Entry<String, Loss> row) {
        Loss loss = row.getValue();
        assertEquals(loss, RecordJson.read(Loss.class, loss.name(), RecordJson.write(loss)));
    }

    @Test
    void largeLogitsDoNotOverflow() {
        NDArray p = NDArray.of(Shape.of(2, 1), 1000f, -1000f);
        NDArray y = NDArray.of(Shape.of(2, 1), 0f, 1f);
        Golden.assertClose(
                new double[] {1000, 1000}, new SigmoidBce().compute(p, y).toDoubleArray(), 1e-6, "bce");
        NDArray logits = NDArray.of(Shape.of(2, 2), 1000f, -1000f, 1000f, -1000f);
        Golden.assertClose(
                new double[] {0, 2000},
                new SoftmaxCrossEntropy()
                        .compute(logits, NDArray.of(Shape.of(2), 0, 1))
                        .toDoubleArray(),
                1e-6,
                "softmax");
    }

    @Test
    void gradientsStayFiniteWherePredictionsAreCertainOrEqual() {
        NDArray far = NDArray.of(Shape.of(2, 2), 300f, -300f, -300f, 300f);
        NDArray y = NDArray.of(Shape.of(2, 2), 1f, 0f, 1f, 0f);
        NDArray classes = NDArray.of(Shape.of(2), 0, 0);
        assertFinite(far, x -> new Focal().compute(x, y));
        assertFinite(far, x -> new SoftmaxFocal().compute(x, classes));
        assertFinite(far, x -> new Dice().compute(x, y));
        assertFinite(far, x -> new Contrastive().compute(x, far, classes.cast(DType.FLOAT32)));
        assertFinite(NDArray.zeros(Shape.of(2, 2), DType.FLOAT32), x -> new NtXent().compute(x, y));
    }

    private static void assertFinite(NDArray at, UnaryOperator<NDArray> loss) {
        NDArray x = Autograd.attachGradient(at.copy());
        NDArray l;
        try (Autograd.Mode record = Autograd.record()) {
            l = loss.apply(x);
        }
        Autograd.backward(l);
        for (double v : l.toDoubleArray()) {
            assertTrue(Double.isFinite(v), "loss " + v);
        }
        for (double v : Autograd.gradient(x).toDoubleArray()) {
            assertTrue(Double.isFinite(v), "gradient " + v);
        }
    }

    @Test
    void aVectorOfLabelsFitsAColumnOfPredictionsWithoutBroadcasting() {
        NDArray p = NDArray.of(Shape.of(3, 1), 1f, 2f, 3f);
        NDArray y = NDArray.of(0f, 0f, 0f);
        Golden.assertClose(new double[] {1, 2, 3}, new L1().compute(p, y).toDoubleArray(), 0, "column");
        Golden.assertClose(
                new double[] {1, 2, 3}, new L1().compute(p.reshape(3), y).toDoubleArray(), 0, "vector");
        assertThrows(ShapeException.class, () -> new L1().compute(p, NDArray.of(0f, 0f)));
        assertThrows(ShapeException.class, () -> new L1().compute(NDArray.zeros(Shape.of(3, 2), DType.FLOAT32), y));
    }

    @Test
    void sampleWeightsMultiply() {
        NDArray p = NDArray.of(1f, 2f, 3f);
        NDArray y = NDArray.of(0f, 0f, 0f);
        double[] weighted =
                new L1().compute(p, y, NDArray.of(Shape.of(3), 0, 1, 2)).toDoubleArray();
        Golden.assertClose(new double[] {0, 2, 6}, weighted, 0, "weighted");
        NDArray column = NDArray.of(Shape.of(3, 1), 0f, 1f, 2f);
        Golden.assertClose(weighted, new L1().compute(p, y, column).toDoubleArray(), 0, "a column of weights");
        assertEquals(8.0 / 3, new L1().mean(p, y, column).item(), 1e-6);
        NDArray pairs = NDArray.of(Shape.of(3, 2), 1f, 0f, 2f, 0f, 3f, 0f);
        NDArray zeros = NDArray.zeros(Shape.of(3, 2), DType.FLOAT32);
        Golden.assertClose(
                new double[] {0, 2, 9},
                new Contrastive()
                        .compute(pairs, zeros, NDArray.ones(Shape.of(3), DType.FLOAT32), column)
                        .toDoubleArray(),
                1e-6,
                "weighted pairs");
        double[] plain = new NtXent().compute(pairs, pairs).toDoubleArray();
        assertEquals(2 * plain[2], new NtXent().compute(pairs, pairs, column).get(2), 1e-6);
        assertThrows(ShapeException.class, () -> new L1().compute(p, y, NDArray.of(1f)));
    }

    @Test
    void wrongShapesAreRefusedWithBoth() {
        NDArray p = NDArray.zeros(Shape.of(3, 4), DType.FLOAT32);
        ShapeException e =
                assertThrows(ShapeException.class, () -> new SoftmaxCrossEntropy().compute(p, NDArray.of(0f, 1f)));
        assertTrue(e.getMessage().contains("[3,4]") && e.getMessage().contains("[2]"), e.getMessage());
    }
}
