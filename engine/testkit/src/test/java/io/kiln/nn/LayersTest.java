package io.kiln.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.kiln.autograd.Autograd;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import io.kiln.op.vision.InterpolationMode;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every layer: shapes, and that a traced layer computes what the layer computes, gradients included. */
@Tag("core")
class LayersTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(5);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** A layer, an input and the shape of the output. */
    record Row(String name, Supplier<Block> layer, Shape input, Shape output) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Row> rows() {
        Shape vector = Shape.of(3, 6);
        Shape line = Shape.of(2, 4, 9);
        Shape image = Shape.of(2, 4, 7, 6);
        Shape volume = Shape.of(2, 2, 5, 4, 6);
        return Stream.of(
                new Row("dense", () -> new Dense(5), vector, Shape.of(3, 5)),
                new Row("dense relu", () -> new Dense(5, Activation.RELU), vector, Shape.of(3, 5)),
                new Row("dense of an image", () -> new Dense(5), image, Shape.of(2, 5)),
                new Row("dense without bias and flattening", LayersTest::lastAxis, line, Shape.of(2, 4, 5)),
                new Row("conv1d", () -> Conv1D.builder().channels(3).kernel(3).build(), line, Shape.of(2, 3, 7)),
                new Row("conv2d", LayersTest::conv2D, image, Shape.of(2, 6, 4, 3)),
                new Row("conv2d without bias", LayersTest::dilated, image, Shape.of(2, 3, 3, 2)),
                new Row("conv3d", LayersTest::conv3D, volume, Shape.of(2, 3, 5, 4, 6)),
                new Row("conv1d transposed", LayersTest::transposed1D, line, Shape.of(2, 3, 11)),
                new Row("conv2d transposed", LayersTest::transposed2D, image, Shape.of(2, 6, 14, 12)),
                new Row("conv3d transposed", LayersTest::transposed3D, volume, Shape.of(2, 2, 6, 5, 7)),
                new Row("max pool 1d", () -> Pool.max1D(2), line, Shape.of(2, 4, 4)),
                new Row("max pool 2d", () -> Pool.max2D(3).stride(2).pad(1), image, Shape.of(2, 4, 4, 3)),
                new Row(
                        "max pool rounded up",
                        () -> Pool.max2D(2).stride(2).ceilMode(true),
                        image,
                        Shape.of(2, 4, 4, 3)),
                new Row("dilated max pool", () -> Pool.max2D(2).stride(1).dilation(2), image, Shape.of(2, 4, 5, 4)),
                new Row("average pool with divisor", () -> Pool.average2D(2).divisor(3), image, Shape.of(2, 4, 3, 3)),
                new Row("adaptive average pool", () -> Pool.adaptiveAverage(3, 2), image, Shape.of(2, 4, 3, 2)),
                new Row("adaptive max pool", () -> Pool.adaptiveMax(3, 2), image, Shape.of(2, 4, 3, 2)),
                new Row("bilinear upsampling", LayersTest::bilinear, image, Shape.of(2, 4, 14, 12)),
                new Row("max pool 3d", () -> Pool.max3D(2), volume, Shape.of(2, 2, 2, 2, 3)),
                new Row("average pool 1d", () -> Pool.average1D(3), line, Shape.of(2, 4, 3)),
                new Row("average pool 2d", LayersTest::averagePool, image, Shape.of(2, 4, 7, 6)),
                new Row("average pool 3d", () -> Pool.average3D(2, 2, 3), volume, Shape.of(2, 2, 2, 2, 2)),
                new Row("global max", Pool::globalMax, image, Shape.of(2, 4, 1, 1)),
                new Row("global average", Pool::globalAverage, volume, Shape.of(2, 2, 1, 1, 1)),
                new Row("batch norm", BatchNorm::new, vector, vector),
                new Row("batch norm of an image", BatchNorm::new, image, image),
                new Row("layer norm", LayerNorm::new, line, line),
                new Row("dropout", () -> new Dropout(0.4), vector, vector),
                new Row("flatten", Flatten::new, image, Shape.of(2, 168)),
                new Row("lambda", () -> new Lambda(x -> x.square().add(1)), vector, vector),
                new Row("relu", Activations::relu, vector, vector),
                new Row("leaky relu", () -> Activations.leakyRelu(0.1), vector, vector),
                new Row("elu", () -> Activations.elu(1), vector, vector),
                new Row("selu", Activations::selu, vector, vector),
                new Row("gelu", Activations::gelu, vector, vector),
                new Row("sigmoid", Activations::sigmoid, vector, vector),
                new Row("tanh", Activations::tanh, vector, vector),
                new Row("silu", Activations::silu, vector, vector),
                new Row("softplus", Activations::softplus, vector, vector),
                new Row("softmax", Activations::softmax, vector, vector),
                new Row("lenet", LayersTest::lenet, Shape.of(2, 1, 12, 12), Shape.of(2, 3)));
    }

    static Stream<Row> sequenceRows() {
        return SequenceLayerRows.rows();
    }

    static Stream<Row> moreRows() {
        Shape vector = Shape.of(3, 6);
        Shape line = Shape.of(2, 4, 9);
        Shape image = Shape.of(2, 4, 7, 6);
        Shape volume = Shape.of(2, 2, 5, 4, 6);
        return Stream.of(
                new Row("identity", () -> new Sequential(new Identity(), new Dense(2)), vector, Shape.of(3, 2)),
                new Row("residual", () -> new Residual(new Dense(6, Activation.TANH)), vector, vector),
                new Row("residual with a shortcut", LayersTest::shortcut, vector, Shape.of(3, 5)),
                new Row("concurrent", LayersTest::concurrent, image, Shape.of(2, 7, 7, 6)),
                new Row("parallel", () -> new Parallel(new Dense(2)), vector, Shape.of(3, 2)),
                new Row("prelu", PRelu::new, image, image),
                new Row("prelu per channel", () -> new PRelu(4), image, image),
                new Row("batch norm relu", BatchNormRelu::new, image, image),
                new Row("synchronised batch norm", SyncBatchNorm::new, image, image),
                new Row("group norm", () -> new GroupNorm(2), image, image),
                new Row("instance norm", InstanceNorm::new, volume, volume),
                new Row("rms norm", RmsNorm::new, line, line),
                new Row("pixel shuffle 1d", () -> new PixelShuffle(2), line, Shape.of(2, 2, 18)),
                new Row("pixel shuffle 2d", () -> new PixelShuffle(2, 1), image, Shape.of(2, 2, 14, 6)),
                new Row("pixel shuffle 3d", () -> new PixelShuffle(1, 2, 1), volume, Shape.of(2, 1, 5, 8, 6)),
                new Row("reflection padding", () -> Padding.reflect(2), image, Shape.of(2, 4, 11, 10)),
                new Row("edge padding", () -> Padding.edge(1, 3), image, Shape.of(2, 4, 9, 12)),
                new Row("constant padding", () -> Padding.constant(3, 1), line, Shape.of(2, 4, 11)),
                new Row("upsampling", () -> new Upsampling(2, 3), image, Shape.of(2, 4, 14, 18)),
                new Row("depthwise separable", () -> new DepthwiseSeparable(4, 6, 3, 2), image, Shape.of(2, 6, 4, 3)),
                new Row("squeeze and excite", () -> new SqueezeExcite(4, 2), image, image),
                new Row("swiglu", () -> GatedMlp.swiGlu(5, 3), line, Shape.of(2, 4, 3)),
                new Row("glu", () -> new GatedMlp(GatedMlp.Gate.GLU, 5, 3), vector, Shape.of(3, 3)),
                new Row("bilinear gate", () -> new GatedMlp(GatedMlp.Gate.BILINEAR, 5, 3), vector, Shape.of(3, 3)),
                new Row("reglu", () -> new GatedMlp(GatedMlp.Gate.REGLU, 5, 3), vector, Shape.of(3, 3)),
                new Row("geglu", () -> new GatedMlp(GatedMlp.Gate.GEGLU, 5, 3), vector, Shape.of(3, 3)),
                new Row("stochastic depth", LayersTest::stochasticDepth, image, image),
                new Row("weight normalised dense", () -> formed(WeightForm.WEIGHT_NORM), vector, Shape.of(3, 5)),
                new Row("weight normalised conv", () -> kernel(WeightForm.WEIGHT_NORM), image, Shape.of(2, 3, 5, 4)),
                new Row("spectrally normalised dense", () -> formed(WeightForm.SPECTRAL_NORM), vector, Shape.of(3, 5)),
                new Row("spectral conv", () -> kernel(WeightForm.SPECTRAL_NORM), image, Shape.of(2, 3, 5, 4)),
                new Row("gelu by tanh", Activations::geluTanh, vector, vector),
                new Row("swish", () -> Activations.swish(1.5), vector, vector),
                new Row("mish", Activations::mish, vector, vector),
                new Row("relu6", Activations::relu6, vector, vector),
                new Row("hard sigmoid", Activations::hardSigmoid, vector, vector),
                new Row("hard swish", Activations::hardSwish, vector, vector),
                new Row("softsign", Activations::softsign, vector, vector));
    }

    private static Block shortcut() {
        return new Residual(new Dense(5, Activation.RELU), new Dense(5));
    }

    private static Block concurrent() {
        return new Concurrent(Conv2D.builder().channels(3).kernel(1).build(), new Identity());
    }

    private static Block stochasticDepth() {
        return new Residual(new Sequential(new PRelu(4), new StochasticDepth(0.5)));
    }

    private static Block formed(WeightForm form) {
        return Dense.builder().units(5).weightForm(form).build();
    }

    private static Block kernel(WeightForm form) {
        return Conv2D.builder().channels(3).kernel(3).weightForm(form).build();
    }

    private static Block lastAxis() {
        return Dense.builder().units(5).useBias(false).flatten(false).build();
    }

    private static Block bilinear() {
        return new Upsampling(2).mode(InterpolationMode.LINEAR, false);
    }

    private static Block conv2D() {
        return Conv2D.builder()
                .channels(6)
                .kernel(3, 2)
                .stride(2)
                .pad(1, 0)
                .groups(2)
                .activation(Activation.RELU)
                .build();
    }

    private static Block dilated() {
        return Conv2D.builder().channels(3).kernel(3).dilation(2).useBias(false).build();
    }

    private static Block conv3D() {
        return Conv3D.builder().channels(3).kernel(3).pad(1).build();
    }

    private static Block transposed1D() {
        return Conv1D.transposedBuilder().channels(3).kernel(3).build();
    }

    private static Block transposed2D() {
        return Conv2D.transposedBuilder()
                .channels(6)
                .kernel(3)
                .stride(2)
                .pad(1)
                .outputPad(1)
                .groups(2)
                .activation(Activation.TANH)
                .build();
    }

    private static Block transposed3D() {
        return Conv3D.transposedBuilder().channels(2).kernel(2).build();
    }

    private static Block averagePool() {
        return Pool.average2D(3).stride(1).pad(1).countPad(false);
    }

    private static Block lenet() {
        return new Sequential(
                Conv2D.builder()
                        .channels(4)
                        .kernel(5)
                        .pad(2)
                        .activation(Activation.RELU)
                        .build(),
                Pool.max2D(2),
                Conv2D.builder().channels(6).kernel(3).build(),
                new BatchNorm(),
                Activations.relu(),
                Pool.max2D(2),
                new Dense(16, Activation.RELU),
                new Dropout(0.5),
                new Dense(3));
    }

    /** Outputs, gradient of the input and gradients and values of the parameters of one training step. */
    private record Run(NDArray y, NDArray dx, Map<String, Parameter> parameters) {}

    private static Run train(Block block, NDArray data) {
        RandomGenerator.seed(11);
        NDArray x = Autograd.attachGradient(data.copy());
        NDArray y;
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            y = block.call(x);
            loss = y.mul(NDArray.arange(1, y.size() + 1, 1, DType.FLOAT32).reshape(y.shape()))
                    .sum();
        }
        Autograd.backward(loss);
        return new Run(y, Autograd.gradient(x), block.parameters());
    }

    @ParameterizedTest
    @MethodSource({"rows", "moreRows", "sequenceRows"})
    void tracedIsEagerWithGradientsAndStatistics(Row row) {
        NDArray x = RandomOps.normal(row.input, 0, 1, DType.FLOAT32);
        Block eager = row.layer.get();
        eager.initialize(3);
        Graph graph = eager.trace(new Spec(row.input.with(0, Shape.UNKNOWN), DType.FLOAT32));
        GraphBlock traced = new GraphBlock(Graph.fromJson(graph.toJson()));
        assertEquals(graph.toJson(), traced.graph().toJson());
        traced.initialize(3);
        assertSameArray("predictions", eager.forward(x), traced.forward(x));
        assertEquals(row.output, eager.forward(x).shape());
        assertEquals(
                row.output.with(0, Shape.UNKNOWN),
                graph.spec(graph.outputs().get(0)).shape());
        Run a = train(eager, x);
        Run b = train(traced, x);
        assertSameArray("outputs", a.y, b.y);
        assertSameArray("input gradient", a.dx, b.dx);
        assertEquals(a.parameters.keySet(), Map.copyOf(b.parameters).keySet());
        a.parameters.forEach((n, p) -> {
            Parameter q = b.parameters.get(n);
            assertSameArray(n, p.value(), q.value());
            assertEquals(p.isTrained(), q.isTrained());
            if (p.isTrained()) {
                assertSameArray("gradient of " + n, p.gradient(), q.gradient());
            }
        });
        assertSameArray("predictions after training", eager.forward(x), traced.forward(x));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void hybridizedIsEagerWithGradientsAndStatistics(Row row) {
        NDArray x = RandomOps.normal(row.input, 0, 1, DType.FLOAT32);
        try (Block eager = row.layer.get();
                Block compiled = row.layer.get()) {
            eager.initialize(3);
            compiled.initialize(3);
            compiled.hybridize();
            for (int round = 0; round < 2; round++) {
                assertClose("predictions", eager.call(x), compiled.call(x));
                Run a = train(eager, x);
                Run b = train(compiled, x);
                assertSameArray("outputs", a.y, b.y);
                assertSameArray("input gradient", a.dx, b.dx);
                a.parameters.forEach((n, p) -> {
                    Parameter q = b.parameters.get(n);
                    assertSameArray(n, p.value(), q.value());
                    if (p.isTrained()) {
                        assertSameArray("gradient of " + n, p.gradient(), q.gradient());
                    }
                });
            }
            NDArray other = RandomOps.normal(row.input.with(0, 5), 0, 1, DType.FLOAT32);
            assertClose("another batch", eager.call(other), compiled.call(other));
        }
    }

    /** Compiled predictions have batch normalisation as factors of the convolution before it: they agree within rounding. */
    private static void assertClose(String what, NDArray expected, NDArray actual) {
        assertEquals(expected.spec(), actual.spec(), what);
        assertArrayEquals(expected.toFloatArray(), actual.toFloatArray(), 2e-6f, what);
    }

    private static void assertSameArray(String what, NDArray expected, NDArray actual) {
        assertEquals(expected.spec(), actual.spec(), what);
        assertArrayEquals(expected.toFloatArray(), actual.toFloatArray(), 0, what);
    }

    @Test
    void embeddingLooksRowsUpAndGathersTheirGradients() {
        Embedding e = new Embedding(4, 3);
        NDArray index = NDArray.of(Shape.of(2, 2), 1, 3, 3, 3);
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = e.forward(index);
        }
        Autograd.backward(y);
        assertEquals(Shape.of(2, 2, 3), y.shape());
        Parameter weight = e.parameters().get("weight");
        assertEquals(weight.value().get(3, 1), y.get(1, 0, 1));
        assertArrayEquals(
                new float[] {0, 0, 0, 1, 1, 1, 0, 0, 0, 3, 3, 3},
                weight.gradient().toFloatArray());
        GraphBlock traced = e.toGraphBlock(new Spec(Shape.of(Shape.UNKNOWN, 2), DType.INT32));
        assertSameArray("traced", y, traced.forward(index));
    }

    @Test
    void dropoutDropsInTrainModeOnly() {
        Dropout d = new Dropout(0.5);
        NDArray x = NDArray.ones(Shape.of(1000), DType.FLOAT32);
        assertArrayEquals(x.toFloatArray(), d.forward(x).toFloatArray());
        NDArray y;
        try (Autograd.Mode train = Autograd.trainMode()) {
            y = d.forward(x);
        }
        int kept = 0;
        for (float v : y.toFloatArray()) {
            assertEquals(v, v == 0 ? 0 : 2);
            kept += v == 0 ? 0 : 1;
        }
        assertEquals(500, kept, 80);
    }

    @Test
    void settingsThatMakeNoLayerAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Dense(0));
        assertThrows(
                IllegalArgumentException.class, () -> Conv2D.builder().kernel(3).build());
        assertThrows(
                IllegalArgumentException.class,
                () -> Conv2D.builder().channels(3).build());
        assertThrows(IllegalArgumentException.class, () -> Conv2D.builder().kernel(3, 3, 3));
        assertThrows(IllegalArgumentException.class, () -> Conv2D.builder().stride(0));
        assertThrows(IllegalArgumentException.class, () -> Conv2D.builder().outputPad(1));
        assertThrows(
                IllegalArgumentException.class,
                () -> Conv2D.builder().channels(3).kernel(3).groups(2).build());
        NDArray threeChannels = NDArray.zeros(Shape.of(1, 3, 7, 7), DType.FLOAT32);
        assertThrows(ShapeException.class, () -> conv2D().forward(threeChannels));
        assertThrows(ShapeException.class, () -> conv2D().forward(NDArray.zeros(Shape.of(1, 4, 7), DType.FLOAT32)));
        assertThrows(IllegalArgumentException.class, () -> Pool.max2D(2, 2, 2));
        assertThrows(IllegalArgumentException.class, () -> new Embedding(0, 3));
        assertThrows(IllegalArgumentException.class, () -> new BatchNorm(1.5, 1e-5));
        assertThrows(IllegalArgumentException.class, Concurrent::new);
        assertThrows(IllegalArgumentException.class, () -> new PixelShuffle(2, 2, 2, 2));
        assertThrows(IllegalArgumentException.class, () -> new StochasticDepth(1));
        assertThrows(IllegalArgumentException.class, () -> new DepthwiseSeparable(3, 4, 2, 1));
        assertThrows(ShapeException.class, () -> new GroupNorm(2).forward(threeChannels));
        assertThrows(ShapeException.class, () -> new PixelShuffle(2, 2).forward(threeChannels));
        assertThrows(ShapeException.class, () -> Padding.reflect(1, 1, 1).forward(threeChannels));
        assertThrows(ShapeException.class, () -> new Upsampling(2, 2, 2).forward(threeChannels));
    }
}
