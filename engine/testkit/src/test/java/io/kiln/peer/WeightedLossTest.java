package io.kiln.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import io.kiln.Golden;
import io.kiln.ValueFaults;
import io.kiln.autograd.Autograd;
import io.kiln.graph.RecordJson;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.loss.L1;
import io.kiln.nn.loss.L2;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.Nll;
import io.kiln.nn.loss.SigmoidBce;
import io.kiln.nn.loss.SmoothedCrossEntropy;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.loss.SoftmaxFocal;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.UpdateRule;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Ignored labels, class weights and weights of elements against libtorch: losses, means and gradients. */
class WeightedLossTest {
    private static final String ENGINE = "PyTorch";
    private static final double TOLERANCE = 2e-6;
    private static final double[] CLASS_WEIGHTS = {0.5, 2, 0, 1.25};
    private static final double[] WEIGHTS = {0, 1, 2.5, 0.5, 1, 3};

    /** Two rows of three positions of four classes. */
    private static final float[] LOGITS = {
        1, 2, -3, 0.4f, 0, 1, 0.3f, -2, 2, 2, 1, 0.1f, -1, 0.2f, 3, 0, 0.7f, -0.4f, 0.2f, 1, 1.5f, -0.5f, 0, 0.6f
    };

    private static final int[] CLASSES = {-100, 1, 0, 3, -100, 2};
    private static final float[] MARKS = {
        1, 0, -1, 0.25f, 0, 1, 1, 0, -1, 1, 0, 0, 0, 0, 1, 1, 0.5f, 1, -1, 0, 1, 0, 0, 1
    };

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /**
     * A loss and what libtorch makes of logits x, labels y, class weights w and weights of elements u.
     *
     * @param loss the loss
     * @param torch the expression with the reduction's number in place of #
     * @param classes whether labels are classes
     */
    private record Row(Loss loss, String torch, boolean classes) {
        @Override
        public String toString() {
            return loss.toString();
        }
    }

    static Stream<Row> rows() {
        String kept = "torch.to(torch.ne(y, -1.), 6)";
        String positive =
                "(torch.binary_cross_entropy_with_logits(x, torch.clamp(y, 0., 2.), None, #w, 0) * " + kept + ")";
        String mean = "torch.sum(" + positive + ") / torch.sum(" + kept + ")";
        return Stream.of(
                new Row(
                        new SoftmaxCrossEntropy().withIgnoredLabel(-100),
                        "torch.cross_entropy_loss(torch.transpose(x, 1, 2), torch.to(y, 4), None, #, -100, 0.)",
                        true),
                new Row(
                        new SoftmaxCrossEntropy().withIgnoredLabel(-100).withClassWeights(CLASS_WEIGHTS),
                        "torch.cross_entropy_loss(torch.transpose(x, 1, 2), torch.to(y, 4), w, #, -100, 0.)",
                        true),
                new Row(
                        new SmoothedCrossEntropy(0.2).withIgnoredLabel(-100),
                        "torch.cross_entropy_loss(torch.transpose(x, 1, 2), torch.to(y, 4), None, #, -100, 0.2)",
                        true),
                new Row(
                        new SmoothedCrossEntropy(0.2).withIgnoredLabel(-100).withClassWeights(CLASS_WEIGHTS),
                        "torch.cross_entropy_loss(torch.transpose(x, 1, 2), torch.to(y, 4), w, #, -100, 0.2)",
                        true),
                new Row(
                        new Nll().withIgnoredLabel(-100).withClassWeights(CLASS_WEIGHTS),
                        "torch.nll_loss_nd(torch.transpose(x, 1, 2), torch.to(y, 4), w, #, -100)",
                        true),
                new Row(
                        new SigmoidBce().withIgnoredLabel(-1).withPositiveWeights(CLASS_WEIGHTS),
                        "#" + positive.replace("#w", "w") + "|" + mean.replace("#w", "w"),
                        false),
                new Row(
                        new SigmoidBce().withIgnoredLabel(-1).withPositiveWeights(2),
                        "#" + positive.replace("#w", "torch.full([1], 2.)") + "|"
                                + mean.replace("#w", "torch.full([1], 2.)"),
                        false));
    }

    private static String reduced(Row row, boolean mean) {
        String t = row.torch();
        if (t.startsWith("#(")) {
            return t.substring(1).split("\\|")[mean ? 1 : 0];
        }
        return t.replace("#", mean ? "1" : "0");
    }

    private static NDArray logits(Row row) {
        NDArray x = NDArray.of(Shape.of(2, 3, 4), LOGITS);
        return row.loss() instanceof Nll ? x.abs().neg() : x;
    }

    private static NDArray labels(Row row) {
        return row.classes() ? NDArray.of(Shape.of(2, 3), CLASSES) : NDArray.of(Shape.of(2, 3, 4), MARKS);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void elementsAndMeanAreThoseOfLibtorch(Row row) {
        NDArray y = labels(row);
        check(row, reduced(row, false), x -> row.loss().unreduced(x, y));
        check(row, reduced(row, true), x -> row.loss().mean(x, y));
        check(row, reduced(row, true), x -> {
            NDArray[] sums = row.loss().sums(x, y);
            return sums[0].div(sums[1]);
        });
    }

    @ParameterizedTest
    @MethodSource("rows")
    void weightsOfElementsMultiplyLossesAndDenominator(Row row) {
        NDArray y = labels(row);
        NDArray u = NDArray.of(Shape.of(2, 3), toFloats(WEIGHTS));
        String spread = row.classes() ? "u" : "torch.unsqueeze(u, 2)";
        String counted = row.classes()
                ? row.torch().contains(" w, ")
                        ? "torch.index_select(w, 0, torch.flatten(torch.clamp(torch.to(y, 4), 0, 3))).view([2, 3]) * torch.to(torch.ne(y, -100), 6)"
                        : "torch.to(torch.ne(y, -100), 6)"
                : "torch.to(torch.ne(y, -1.), 6)";
        String expected = "torch.sum((" + reduced(row, false) + ") * " + spread + ") / torch.sum((" + counted + ") * "
                + spread + ")";
        check(row, expected, x -> row.loss().mean(x, y, u));
        check(row, expected, x -> row.loss().mean(x, y, u.expandDims(-1)));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void compiledStepsTakeTheSameMean(Row row) {
        try (Block net = Dense.builder().units(4).flatten(false).build()) {
            net.initialize(3);
            NDArray x = logits(row);
            NDArray y = labels(row);
            double eager = row.loss().mean(net.call(x), y).item();
            try (TrainStep step = new TrainStep(net, row.loss(), new UpdateRule(new Sgd(), 0.1))) {
                assertEquals(eager, step.run(x, y), 1e-6);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void attributesTravelAsJsonAndOlderTextLacksThem(Row row) {
        Loss loss = row.loss();
        assertEquals(loss, RecordJson.read(Loss.class, loss.name(), RecordJson.write(loss)));
        var old = RecordJson.write(loss);
        old.remove(List.of("ignoredLabel", "classWeights", "positiveWeights"));
        assertTrue(RecordJson.read(Loss.class, loss.name(), old).weights(Shape.of(2, 3, 4), labels(row)) == null);
    }

    @Test
    void sumsOfPartsGiveTheMeanOfTheWhole() {
        Loss loss = new SoftmaxCrossEntropy().withIgnoredLabel(-100).withClassWeights(CLASS_WEIGHTS);
        NDArray x = NDArray.of(Shape.of(6, 4), LOGITS);
        NDArray y = NDArray.of(Shape.of(6), CLASSES);
        double whole = loss.mean(x, y).item();
        double sum = 0;
        double weight = 0;
        for (long[] part : new long[][] {{0, 1}, {1, 2}, {2, 6}}) { // the first is ignored whole
            NDArray[] sums = loss.sums(x.slice(0, part[0], part[1]), y.slice(0, part[0], part[1]));
            sum += sums[0].item();
            weight += sums[1].item();
        }
        assertEquals(whole, sum / weight, 1e-6);
    }

    @Test
    void aBatchOfIgnoredLabelsHasLossAndGradientZero() {
        for (Loss loss : List.of(
                new SoftmaxCrossEntropy().withIgnoredLabel(-1),
                new SmoothedCrossEntropy().withIgnoredLabel(-1),
                new SoftmaxFocal().withIgnoredLabel(-1),
                new Nll().withIgnoredLabel(-1))) {
            NDArray x = Autograd.attachGradient(NDArray.of(Shape.of(6, 4), LOGITS));
            NDArray mean;
            try (Autograd.Mode record = Autograd.record()) {
                mean = loss.mean(x, NDArray.full(Shape.of(6), -1, DType.INT32));
            }
            Autograd.backward(mean);
            assertEquals(0, mean.item(), loss.toString());
            assertEquals(0, Autograd.gradient(x).abs().max().item(), loss.toString());
        }
    }

    @Test
    void aMeanOverNoWeightIsRefused() {
        NDArray x = NDArray.of(1f, 2f);
        NDArray zero = NDArray.zeros(Shape.of(2), DType.FLOAT32);
        IllegalArgumentException e =
                ValueFaults.raised(IllegalArgumentException.class, () -> new L2().mean(x, x, zero));
        assertTrue(e.getMessage().contains("l2") && e.getMessage().contains("all 0"), e.getMessage());
    }

    @Test
    void weightsBroadcastFromTheBatchOn() {
        NDArray x = NDArray.of(Shape.of(2, 2, 2), 1f, 2, 3, 4, 5, 6, 7, 8);
        NDArray y = NDArray.zeros(Shape.of(2, 2, 2), DType.FLOAT32);
        assertEquals(
                (1 + 2 + 7 + 8) / 4.0,
                new L1().mean(x, y, NDArray.of(Shape.of(2, 2), 1f, 0, 0, 1)).item(),
                1e-6);
        assertEquals(
                (1 + 2 + 5 + 6) / 4.0,
                new L1().mean(x, y, NDArray.of(Shape.of(1, 2), 1f, 0)).item(),
                1e-6);
        assertEquals(
                (5 + 6 + 7 + 8) / 4.0, new L1().mean(x, y, NDArray.of(0f, 1f)).item(), 1e-6);
        Golden.assertClose(
                new double[] {0.75, 3.75},
                new L1().compute(x, y, NDArray.of(Shape.of(2, 2), 1f, 0, 0, 1)).toDoubleArray(),
                1e-6,
                "means over the elements of each sample");
        ShapeException e = assertThrows(
                ShapeException.class, () -> new L1().mean(x, y, NDArray.of(Shape.of(2, 3), 1f, 1, 1, 1, 1, 1)));
        assertTrue(e.getMessage().contains("[2,3]"), e.getMessage());
    }

    @Test
    void wrongAttributesAreRefused() {
        NDArray x = NDArray.of(Shape.of(6, 4), LOGITS);
        NDArray y = NDArray.zeros(Shape.of(6), DType.INT32);
        IllegalArgumentException e = assertThrows(
                IllegalArgumentException.class,
                () -> new SoftmaxCrossEntropy().withClassWeights(1, 2).mean(x, y));
        assertTrue(e.getMessage().contains("need 4 classWeights, got 2"), e.getMessage());
        assertThrows(IllegalArgumentException.class, () -> new Nll().withClassWeights(1, -2));
        assertThrows(IllegalArgumentException.class, () -> new SoftmaxCrossEntropy()
                .withIgnoredLabel(-1)
                .mean(x, NDArray.ones(Shape.of(6, 4), DType.FLOAT32)));
    }

    private static float[] toFloats(double... values) {
        float[] f = new float[values.length];
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) values[i];
        }
        return f;
    }

    /** Value and gradient with respect to the logits. */
    private static void check(Row row, String torch, UnaryOperator<NDArray> loss) {
        NDArray x = Autograd.attachGradient(logits(row).copy());
        NDArray value;
        try (Autograd.Mode record = Autograd.record()) {
            value = loss.apply(x);
        }
        Autograd.backward(value);
        double[][] expected = torch(torch, row);
        Golden.assertClose(expected[0], value.toDoubleArray(), TOLERANCE, torch);
        Golden.assertClose(expected[1], Autograd.gradient(x).toDoubleArray(), TOLERANCE, torch + " gradient");
    }

    private static double[][] torch(String expression, Row row) {
        String body =
                """
                    x = torch.requires_grad_(torch.detach(x0), True)
                    v = %s
                    g = unchecked_cast(Tensor, torch.grad([torch.sum(v)], [x], None, True, False, True)[0])
                    return [v, g]
                """
                        .formatted(expression);
        byte[] archive = TorchArchive.of("x0: Tensor, y: Tensor, w: Tensor, u: Tensor", body);
        try (Model model = Model.newInstance("loss", ENGINE);
                NDManager manager = NDManager.newBaseManager(ENGINE);
                GradientCollector gradients = Engine.getEngine(ENGINE).newGradientCollector()) {
            model.load(new ByteArrayInputStream(archive));
            NDList in = new NDList(
                    array(manager, logits(row)),
                    array(manager, labels(row)),
                    manager.create(toFloats(CLASS_WEIGHTS)),
                    manager.create(toFloats(WEIGHTS), new ai.djl.ndarray.types.Shape(2, 3)));
            NDList out = model.getBlock().forward(new ParameterStore(manager, false), in, true);
            return new double[][] {doubles(out.get(0)), doubles(out.get(1))};
        } catch (IOException | MalformedModelException e) {
            throw new IllegalStateException("libtorch refuses " + expression, e);
        }
    }

    private static double[] doubles(ai.djl.ndarray.NDArray a) {
        return a.toType(DataType.FLOAT64, false).toDoubleArray();
    }

    private static ai.djl.ndarray.NDArray array(NDManager manager, NDArray a) {
        return manager.create(
                a.toFloatArray(), new ai.djl.ndarray.types.Shape(a.shape().dims()));
    }
}
