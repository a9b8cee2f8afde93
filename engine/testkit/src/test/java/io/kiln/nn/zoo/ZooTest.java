package io.kiln.nn.zoo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import io.kiln.autograd.Autograd;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Parameter;
import io.kiln.nn.Pool;
import io.kiln.op.activation.Activation;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.ConvolutionTranspose;
import io.kiln.op.nn.Linear;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import io.kiln.view.Statistics;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The networks of the zoo against published numbers, by tracing; and small ones of them on data. The numbers come from other
 * builders of these networks: {@code zoo.py} beside {@code zoo.json} says from which, and how they are counted.
 */
@Tag("long")
class ZooTest {
    private static final Spec IMAGE = image(224);

    private static Spec image(long size) {
        return new Spec(Shape.of(1, 3, size, size), DType.FLOAT32);
    }

    /** A network, its trained parameters, and its multiply-adds in 10^9 as published with the same source; 0 if they are not. */
    record Row(
            String name, Supplier<Block> network, List<Spec> inputs, long parameters, double gigaMacs, String source) {
        @Override
        public String toString() {
            return name;
        }
    }

    private static Row row(
            String name, Supplier<Block> network, Spec input, long parameters, double macs, String from) {
        return new Row(name, network, List.of(input), parameters, macs, from);
    }

    /** Numbers of torchvision: num_params and _ops (10^9 multiply-adds) of the weights' metadata. */
    private static Row vision(String name, Supplier<Block> network, long parameters, double gigaMacs) {
        return row(name, network, IMAGE, parameters, gigaMacs, "torchvision");
    }

    static Stream<Row> published() {
        return Stream.of(
                vision("alexnet", () -> AlexNet.of(1000), 61_100_840, 0.714),
                vision("vgg11", () -> Vgg.of(11, false, 1000), 132_863_336, 7.609),
                vision("vgg13", () -> Vgg.of(13, false, 1000), 133_047_848, 11.308),
                vision("vgg16", () -> Vgg.of(16, false, 1000), 138_357_544, 15.470),
                vision("vgg19", () -> Vgg.of(19, false, 1000), 143_667_240, 19.632),
                vision("vgg11_bn", () -> Vgg.of(11, true, 1000), 132_868_840, 7.609),
                vision("vgg13_bn", () -> Vgg.of(13, true, 1000), 133_053_736, 11.308),
                vision("vgg16_bn", () -> Vgg.of(16, true, 1000), 138_365_992, 15.470),
                vision("vgg19_bn", () -> Vgg.of(19, true, 1000), 143_678_248, 19.632),
                vision("resnet18", () -> ResNet.v1(18).build(), 11_689_512, 1.814),
                vision("resnet34", () -> ResNet.v1(34).build(), 21_797_672, 3.664),
                vision("resnet50", () -> ResNet.v1(50).build(), 25_557_032, 4.089),
                vision("resnet101", () -> ResNet.v1(101).build(), 44_549_160, 7.801),
                vision("resnet152", () -> ResNet.v1(152).build(), 60_192_808, 11.514),
                row("resnet50 v2", () -> ResNet.v2(50).build(), IMAGE, 25_549_352, 0, "timm"),
                row("resnet101 v2", () -> ResNet.v2(101).build(), IMAGE, 44_541_480, 0, "timm"),
                row("resnet152 v2", () -> ResNet.v2(152).build(), IMAGE, 60_185_128, 0, "timm"),
                // Version 1 less the norms of stem and projections, the second norm of a unit now as wide as its input.
                row("resnet18 v2", () -> ResNet.v2(18).build(), IMAGE, 11_689_512 - 1792, 0, "by hand"),
                row("resnet34 v2", () -> ResNet.v2(34).build(), IMAGE, 21_797_672 - 1792, 0, "by hand"),
                row("mobilenet v1", () -> MobileNet.v1(1, 1000), IMAGE, 4_231_976, 0.569, "the paper; Keras"),
                vision("mobilenet_v2", () -> MobileNet.v2(1, 1000), 3_504_872, 0.301),
                vision("mobilenet_v3_large", () -> MobileNet.v3Large(1000), 5_483_032, 0.217),
                vision("mobilenet_v3_small", () -> MobileNet.v3Small(1000), 2_542_856, 0.057),
                vision("densenet121", () -> DenseNet.of(121, 1000), 7_978_856, 2.834),
                vision("densenet161", () -> DenseNet.of(161, 1000), 28_681_000, 7.728),
                vision("densenet169", () -> DenseNet.of(169, 1000), 14_149_480, 3.360),
                vision("densenet201", () -> DenseNet.of(201, 1000), 20_013_928, 4.291),
                vision("squeezenet1_0", () -> SqueezeNet.v10(1000), 1_248_424, 0.819),
                vision("squeezenet1_1", () -> SqueezeNet.v11(1000), 1_235_496, 0.349),
                row("inception_v3", () -> InceptionV3.of(1000), image(299), 23_834_568, 5.713, "torchvision, no aux"),
                vision("efficientnet_b0", () -> EfficientNet.b0(1000), 5_288_548, 0.386),
                row("ssd300_vgg16", () -> new Ssd(91), image(300), 35_641_826, 34.858, "torchvision"),
                // PyTorch's examples: dcgan (ngf = ndf = 64, nz = 100) and vae.
                row("dcgan generator", () -> Dcgan.generator(64, 3), noise(), 3_576_704, 0, "PyTorch examples"),
                row("dcgan discriminator", () -> Dcgan.discriminator(64), image(64), 2_765_568, 0, "PyTorch examples"),
                row("vae", () -> new Vae(784, 400, 20), flat(784), 652_824, 0, "PyTorch examples"),
                // github.com/milesial/Pytorch-UNet: 3 channels, 2 classes; biases of convolutions before a norm are
                // left out.
                row("unet", () -> new UNet(2, 64, 4), image(64), 31_037_698, 0, "Pytorch-UNet"),
                row("lenet", () -> LeNet.of(10), gray(), 876_938, 0, "by hand"));
    }

    @ParameterizedTest
    @MethodSource("published")
    void thePublishedNumbersAreThoseOfTheScript(Row row) {
        JsonNode published = Golden.read("nn/zoo/zoo.json").get(row.name());
        assertEquals(
                published.get("parameters").asLong(),
                row.parameters(),
                published.get("source").asText());
        assertEquals(
                published.get("gigaMacs").asDouble(),
                row.gigaMacs(),
                published.get("source").asText());
    }

    private static Spec noise() {
        return new Spec(Shape.of(1, 100, 1, 1), DType.FLOAT32);
    }

    private static Spec flat(long n) {
        return new Spec(Shape.of(1, n), DType.FLOAT32);
    }

    private static Spec gray() {
        return new Spec(Shape.of(1, 1, 28, 28), DType.FLOAT32);
    }

    private static Spec indices(long n) {
        return new Spec(Shape.of(1, n), DType.INT64);
    }

    /** Recommenders, whose counts follow from the sizes of their tables. */
    static Stream<Row> recommenders() {
        Spec id = new Spec(Shape.of(1), DType.INT64);
        long mlp = 128 * 64 + 64 + 64 * 32 + 32;
        List<Long> counts = List.of(10L, 20L, 30L);
        return Stream.of(
                new Row(
                        "ncf",
                        () -> NeuralCollaborativeFilter.perceptron(1000, 2000, 64, 64, 32),
                        List.of(id, id),
                        3000 * 64 + mlp + 32 + 1,
                        0,
                        "by hand"),
                new Row(
                        "neumf",
                        () -> NeuralCollaborativeFilter.neuMf(1000, 2000, 64, 8, 64, 32),
                        List.of(id, id),
                        3000 * (64 + 8) + mlp + 8 + 32 + 1,
                        0,
                        "by hand"),
                new Row(
                        "wide & deep",
                        () -> new WideAndDeep(counts, 8, 16, 12),
                        List.of(flat(5), indices(3)),
                        60 + 5 + 60 * 8 + (5 + 24) * 16 + 16 + 16 * 12 + 12 + 12 + 1,
                        0,
                        "by hand"),
                new Row(
                        "deepfm",
                        () -> new DeepFm(counts, 8, 16, 12),
                        List.of(indices(3)),
                        60 + 60 * 8 + 24 * 16 + 16 + 16 * 12 + 12 + 12 + 1,
                        0,
                        "by hand"),
                // 4 vectors give 6 pairs.
                new Row(
                        "dlrm",
                        () -> new Dlrm(counts, 8, List.of(16L), List.of(12L)),
                        List.of(flat(5), indices(3)),
                        60 * 8 + 5 * 16 + 16 + 16 * 8 + 8 + (8 + 6) * 12 + 12 + 12 + 1,
                        0,
                        "by hand"));
    }

    static Stream<Row> all() {
        return Stream.concat(published(), recommenders());
    }

    @ParameterizedTest
    @MethodSource("all")
    void hasThePublishedNumberOfParametersAndMultiplyAdds(Row row) {
        Block network = row.network().get();
        Graph graph = network.trace(row.inputs().toArray(Spec[]::new));
        long parameters = graph.parameters().stream()
                .filter(p -> p.role().isTrained())
                .mapToLong(p -> p.spec().shape().size())
                .sum();
        assertEquals(row.parameters(), parameters, row.source());
        if (row.gigaMacs() > 0) {
            assertEquals(row.gigaMacs(), multiplyAdds(graph) / 1e9, 0.0006, row.source());
        }
        for (Parameter p : network.parameters().values()) {
            assertFalse(p.hasData(), "tracing allocated " + p);
        }
    }

    private static long multiplyAdds(Graph graph) {
        long sum = 0;
        for (Graph.Node n : graph.nodes()) {
            Spec[] in = n.inputs().stream().map(graph::spec).toArray(Spec[]::new);
            Spec[] out = n.outputs().toArray(Spec[]::new);
            Activation activation = Activation.NONE;
            if (n.operator() instanceof Convolution c) {
                activation = c.activation();
            } else if (n.operator() instanceof Linear l) {
                activation = l.activation();
            } else if (!(n.operator() instanceof MatMul) && !(n.operator() instanceof ConvolutionTranspose)) {
                continue;
            }
            long fused = activation == Activation.NONE ? 0 : out[0].shape().size();
            sum += (n.operator().flops(in, out) - fused) / 2;
        }
        return sum;
    }

    /** Networks small enough to be run in a test. */
    static Stream<Row> small() {
        Spec pixels = new Spec(Shape.of(2, 3, 32, 32), DType.FLOAT32);
        Spec numbers = new Spec(Shape.of(2, 5), DType.FLOAT32);
        Spec index = new Spec(Shape.of(2, 3), DType.INT64);
        Spec id = new Spec(Shape.of(2), DType.INT64);
        List<Long> counts = List.of(10L, 20L, 30L);
        return Stream.of(
                run("lenet", () -> LeNet.of(10), new Spec(Shape.of(2, 1, 28, 28), DType.FLOAT32)),
                run("alexnet", () -> AlexNet.of(4), new Spec(Shape.of(1, 3, 64, 64), DType.FLOAT32)),
                run("resnet18", () -> ResNet.v1(18).classes(4).smallImages(true).build(), pixels),
                run("resnet50 v2", () -> ResNet.v2(50).classes(4).build(), pixels),
                run("mobilenet v1", () -> MobileNet.v1(0.25, 4), pixels),
                run("mobilenet v2", () -> MobileNet.v2(0.35, 4), pixels),
                run("mobilenet v3", () -> MobileNet.v3Small(4), pixels),
                run("densenet121", () -> DenseNet.of(121, 4), pixels),
                run("squeezenet", () -> SqueezeNet.v11(4), pixels),
                run("efficientnet", () -> EfficientNet.b0(4), pixels),
                run("dcgan generator", () -> Dcgan.generator(4, 3), new Spec(Shape.of(2, 8, 1, 1), DType.FLOAT32)),
                run(
                        "dcgan discriminator",
                        () -> Dcgan.discriminator(4),
                        new Spec(Shape.of(2, 3, 64, 64), DType.FLOAT32)),
                run("vae", () -> new Vae(20, 12, 3), new Spec(Shape.of(2, 20), DType.FLOAT32)),
                run("unet", () -> new UNet(2, 4, 2), pixels),
                run("ncf", () -> NeuralCollaborativeFilter.perceptron(10, 20, 4, 8), id, id),
                run("neumf", () -> NeuralCollaborativeFilter.neuMf(10, 20, 4, 3, 8), id, id),
                run("wide & deep", () -> new WideAndDeep(counts, 4, 8), numbers, index),
                run("deepfm", () -> new DeepFm(counts, 4, 8), index),
                run("dlrm", () -> new Dlrm(counts, 4, List.of(6L), List.of(8L)), numbers, index));
    }

    private static Row run(String name, Supplier<Block> network, Spec... inputs) {
        return new Row(name, network, List.of(inputs), 0, 0, "");
    }

    @ParameterizedTest
    @MethodSource("small")
    void trainsWithFiniteGradientsOfEveryParameter(Row row) {
        RandomGenerator.seed(3);
        try (Scope scope = Scope.open();
                Block network = row.network().get()) {
            network.initialize(7);
            NDArray[] x = row.inputs().stream().map(ZooTest::data).toArray(NDArray[]::new);
            try (Autograd.Mode record = Autograd.record()) {
                NDArray loss = null;
                for (NDArray y : network.callAll(x)) {
                    loss = loss == null ? y.square().sum() : loss.add(y.square().sum());
                }
                Autograd.backward(loss);
            }
            network.parameters().forEach((name, p) -> {
                if (p.isTrained()) {
                    assertTrue(Autograd.isGradientFresh(p.value()), "no gradient of " + name);
                    Statistics s = Statistics.of(p.gradient());
                    assertTrue(s.allFinite(), name + ": " + s);
                }
            });
        }
    }

    private static NDArray data(Spec s) {
        return s.dtype() == DType.FLOAT32
                ? RandomOps.uniform(s.shape(), 0, 1, DType.FLOAT32)
                : RandomOps.uniform(s.shape(), 0, 9.99, DType.FLOAT32).cast(DType.INT64);
    }

    @Test
    void ssdHasAScoreAndAnOffsetForEachOf8732Boxes() {
        Graph graph = new Ssd(21).trace(image(300));
        assertEquals(Shape.of(1, 8732, 21), graph.spec(graph.outputs().get(0)).shape());
        assertEquals(Shape.of(1, 8732, 4), graph.spec(graph.outputs().get(1)).shape());
        try (Scope scope = Scope.open()) {
            NDArray boxes = Ssd.defaultBoxes();
            assertEquals(Shape.of(8732, 4), boxes.shape());
            // The first box: cell 0 of 38, a square of scale 0.07.
            assertEquals(0.5 * 8 / 300, boxes.get(0, 0), 1e-7);
            assertEquals(21.0 / 300, boxes.get(0, 2), 1e-7);
            // The last one: the whole image, half as wide as it is high.
            assertEquals(0.5, boxes.get(8731, 0), 1e-7);
            assertEquals(261.0 / 300 / Math.sqrt(2), boxes.get(8731, 2), 1e-6);
        }
    }

    @Test
    void poolingOfSqueezeNetRoundsUp() {
        Graph graph = Pool.max2D(3).stride(2).ceilMode(true).trace(new Spec(Shape.of(1, 8, 54, 13), DType.FLOAT32));
        assertEquals(Shape.of(1, 8, 27, 6), graph.spec(graph.outputs().get(0)).shape());
        try (Scope scope = Scope.open()) {
            NDArray y = Pool.max2D(3)
                    .stride(2)
                    .ceilMode(true)
                    .call(NDArray.of(Shape.of(1, 1, 4, 3), 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
            assertEquals(Shape.of(1, 1, 2, 1), y.shape());
            assertEquals(9, y.get(0, 0, 0, 0));
            assertEquals(12, y.get(0, 0, 1, 0));
        }
    }

    @Test
    void divergenceOfTheStandardNormalDistributionIsZero() {
        try (Scope scope = Scope.open()) {
            NDArray zero = NDArray.zeros(Shape.of(2, 3), DType.FLOAT32);
            assertEquals(0, Vae.divergence(zero, zero).get(1), 1e-12);
            // KL(N(1, 1) || N(0, 1)) = 1/2 per element.
            assertEquals(
                    1.5,
                    Vae.divergence(NDArray.ones(Shape.of(2, 3), DType.FLOAT32), zero)
                            .get(0),
                    1e-6);
        }
    }

    @Test
    void refusesDepthsThatThePapersDoNotHave() {
        assertEquals(
                "resnet: layers must be 18, 34, 50, 101 or 152, got 20",
                assertThrows(IllegalArgumentException.class, () -> ResNet.v1(20))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> Vgg.of(12, false, 10));
        assertThrows(IllegalArgumentException.class, () -> DenseNet.of(100, 10));
        assertThrows(IllegalArgumentException.class, () -> LeNet.of(0));
    }
}
