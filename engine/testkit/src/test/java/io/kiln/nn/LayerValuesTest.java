package io.kiln.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import io.kiln.autograd.Autograd;
import io.kiln.init.Eye;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What layers compute, where their form alone does not tell. */
class LayerValuesTest {
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

    private static void check(String name, Block layer) {
        JsonNode golden = Golden.read("nn/layers_mxnet.json");
        JsonNode row = golden.get(name);
        NDArray x = NDArray.of(Golden.floats(golden.get("x"))).reshape(shape(row.get("shape")));
        NDArray y = layer.forward(x);
        assertEquals(shape(row.get("outputShape")), y.shape(), name);
        Golden.assertClose(Golden.doubles(row.get("output")), y.toDoubleArray(), 1e-5, name);
    }

    private static Shape shape(JsonNode dims) {
        long[] d = new long[dims.size()];
        for (int i = 0; i < d.length; i++) {
            d[i] = dims.get(i).asLong();
        }
        return Shape.of(d);
    }

    @Test
    void layersComputeWhatThoseOfMxnetCompute() {
        check("groupNorm", new GroupNorm(2));
        check("instanceNorm", new InstanceNorm());
        check("pixelShuffle1d", new PixelShuffle(2));
        check("pixelShuffle2d", new PixelShuffle(2, 2));
        check("pixelShuffle3d", new PixelShuffle(2, 1, 2));
        check("prelu", new PRelu());
        check("swish", Activations.swish(1.5));
        check("selu", Activations.selu());
        check("gelu", Activations.gelu());
        check("reflectionPad", Padding.reflect(1));
    }

    @Test
    void groupsOfAllChannelsAreInstances() {
        NDArray x = wave(Shape.of(2, 4, 6));
        assertArrayEquals(
                new InstanceNorm().forward(x).toFloatArray(),
                new GroupNorm(4).forward(x).toFloatArray());
    }

    private static NDArray wave(Shape shape) {
        float[] values = new float[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(i);
        }
        return NDArray.of(shape, values);
    }

    @Test
    void rmsNormDividesByTheRootMeanSquare() {
        NDArray x = NDArray.of(Shape.of(2, 2), 3f, 4f, 0f, 0f);
        double root = Math.sqrt(12.5);
        Golden.assertClose(
                new double[] {3 / root, 4 / root, 0, 0},
                new RmsNorm().forward(x).toDoubleArray(),
                1e-6,
                "rms norm");
    }

    @Test
    void stochasticDepthDropsWholeSamplesAndScalesTheOthers() {
        NDArray x = NDArray.ones(Shape.of(400, 2, 3), DType.FLOAT32);
        StochasticDepth layer = new StochasticDepth(0.25);
        assertArrayEquals(x.toFloatArray(), layer.forward(x).toFloatArray());
        NDArray y;
        try (Autograd.Mode train = Autograd.trainMode()) {
            y = layer.forward(x);
        }
        float[] values = y.toFloatArray();
        int kept = 0;
        for (int i = 0; i < 400; i++) {
            for (int k = 1; k < 6; k++) {
                assertEquals(values[6 * i], values[6 * i + k], "sample " + i);
            }
            assertEquals(values[6 * i] == 0 ? 0 : 4f / 3, values[6 * i], 1e-6);
            kept += values[6 * i] == 0 ? 0 : 1;
        }
        assertEquals(300, kept, 40);
    }

    @Test
    void parallelGivesEachBlockItsOwnInput() {
        Parallel p = new Parallel(new Lambda(x -> x.add(1)), new Lambda(x -> x.mul(3)));
        NDArray a = NDArray.of(1f, 2f);
        NDArray b = NDArray.of(5f, 6f);
        NDArray[] own = p.forwardAll(a, b);
        assertArrayEquals(new float[] {2, 3}, own[0].toFloatArray());
        assertArrayEquals(new float[] {15, 18}, own[1].toFloatArray());
        assertArrayEquals(new float[] {3, 6}, p.forwardAll(a)[1].toFloatArray());
        assertThrows(IllegalArgumentException.class, () -> p.forwardAll(a, b, a));
        assertThrows(IllegalArgumentException.class, () -> p.forward(a));
    }

    private static Dense threeUnits(WeightForm form) {
        return Dense.builder().units(3).useBias(false).weightForm(form).build();
    }

    @Test
    void normalisedWeightsHaveRowsOfTheLengthOfTheirGain() {
        Dense layer = threeUnits(WeightForm.WEIGHT_NORM);
        NDArray eye = new Eye().create(Shape.of(4, 4));
        layer.forward(eye);
        layer.parameters().get("gain").set(NDArray.of(1f, 2f, 0.5f));
        NDArray rows = Linalg.matrixTranspose(layer.forward(eye));
        Golden.assertClose(new double[] {1, 4, 0.25}, rows.square().sum(1).toDoubleArray(), 1e-5, "squared lengths");
    }

    @Test
    void spectrallyNormalisedWeightsComeToTheLargestSingularValueOne() {
        Dense layer = threeUnits(WeightForm.SPECTRAL_NORM);
        NDArray eye = new Eye().create(Shape.of(3, 3));
        layer.forward(eye);
        layer.parameters().get("weight").set(NDArray.of(Shape.of(3, 3), 4f, 0f, 0f, 0f, 2f, 0f, 0f, 0f, 1f));
        Parameter direction = layer.parameters().get("direction");
        float[] begun = direction.value().toFloatArray();
        layer.forward(eye);
        assertArrayEquals(begun, direction.value().toFloatArray(), "predict mode");
        try (Autograd.Mode train = Autograd.trainMode()) {
            for (int i = 0; i < 30; i++) {
                layer.forward(eye);
            }
        }
        Golden.assertClose(
                new double[] {1, 0, 0, 0, 0.5, 0, 0, 0, 0.25},
                layer.forward(eye).toDoubleArray(),
                1e-5,
                "weight");
    }

    @Test
    void eyeMakesLayersThatBeginAsTheIdentity() {
        NDArray x = wave(Shape.of(1, 4, 5, 8));
        for (long groups : new long[] {1, 2}) {
            Block conv = Conv2D.builder()
                    .channels(4)
                    .kernel(3)
                    .pad(1)
                    .groups(groups)
                    .weightInitializer(new Eye(1, groups))
                    .build();
            assertArrayEquals(x.toFloatArray(), conv.forward(x).toFloatArray(), 1e-6f);
        }
    }
}
