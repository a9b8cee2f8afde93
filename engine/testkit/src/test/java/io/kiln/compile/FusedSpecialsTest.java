package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Pool;
import io.kiln.nn.Residual;
import io.kiln.nn.Sequential;
import io.kiln.op.Autocast;
import io.kiln.op.Precision;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/** What is compiled together treats NaN, infinities and zeros with a sign as the single calls do. */
@Tag("long")
class FusedSpecialsTest {
    private static final float NAN = Float.NaN;
    private static final float INF = Float.POSITIVE_INFINITY;
    private static final float[][] PLANTS = {{}, {NAN}, {INF}, {-INF}, {-0f, 0f}, {NAN, INF, -INF, -0f}};

    private static final Shape IMAGES = Shape.of(2, 64, 9, 7);

    private record Net(Shape input, Supplier<Block> make) {}

    private static Block conv(int channels, int kernel) {
        return Conv2D.builder()
                .channels(channels)
                .kernel(kernel)
                .pad(kernel / 2)
                .build();
    }

    private static Map<String, Net> nets() {
        Map<String, Net> nets = new LinkedHashMap<>();
        Shape rows = Shape.of(9, 20);
        nets.put("affine, relu", new Net(rows, () -> new Sequential(new Dense(12), Activations.relu())));
        nets.put("affine, tanh", new Net(rows, () -> new Sequential(new Dense(12), Activations.tanh())));
        nets.put("affine, sigmoid", new Net(rows, () -> new Sequential(new Dense(12), Activations.sigmoid())));
        for (int kernel : new int[] {1, 3}) {
            String name = kernel + "x" + kernel + " ";
            nets.put(name + "relu", new Net(IMAGES, () -> new Sequential(conv(64, kernel), Activations.relu())));
            nets.put(
                    name + "norm, relu",
                    new Net(IMAGES, () -> new Sequential(conv(64, kernel), new BatchNorm(), Activations.relu())));
            nets.put(
                    name + "norm, residual, relu",
                    new Net(
                            IMAGES,
                            () -> new Sequential(
                                    Activations.relu(),
                                    new Residual(new Sequential(conv(64, kernel), new BatchNorm())),
                                    Activations.relu())));
            nets.put(
                    name + "residual over a convolution, relu",
                    new Net(
                            IMAGES,
                            () -> new Sequential(
                                    conv(64, 1), new Residual(new Sequential(conv(64, kernel))), Activations.relu())));
            nets.put(
                    name + "relu, max pool",
                    new Net(IMAGES, () -> new Sequential(conv(64, kernel), Activations.relu(), Pool.max2D(2))));
        }
        nets.put("norm, relu", new Net(IMAGES, () -> new Sequential(new BatchNorm(), Activations.relu())));
        nets.put(
                "norm of few channels, relu",
                new Net(Shape.of(2, 4, 6, 6), () -> new Sequential(new BatchNorm(), Activations.relu())));
        return nets;
    }

    @TestFactory
    Stream<DynamicTest> compiledIsEager() {
        return Stream.of(Precision.FLOAT32, Precision.BFLOAT16)
                .flatMap(p -> Stream.of(1, 2).flatMap(threads -> nets().entrySet().stream()
                        .map(e -> dynamicTest(
                                e.getKey() + " in " + p + ", " + threads + " threads",
                                () -> check(e.getValue(), p, threads)))));
    }

    private static void check(Net net, Precision precision, int threads) {
        Backends.current().setThreads(threads);
        try (Scope scope = Scope.open();
                Block eager = net.make.get();
                Block compiled = net.make.get();
                Autocast.Mode narrow = Autocast.open(precision)) {
            eager.initialize(3);
            compiled.initialize(3);
            compiled.hybridize();
            for (int round = 0; round < 2; round++) { // calls that are made again take another way than the first ones
                for (int p = 0; p < PLANTS.length; p++) {
                    NDArray x = planted(net.input, PLANTS[p], p);
                    String what = "planted " + Arrays.toString(PLANTS[p]) + ", round " + round;
                    compare(what, eager.call(x), compiled.call(x), precision);
                    compareTraining(what, eager, compiled, x, precision);
                }
            }
        }
    }

    private static void compareTraining(String what, Block eager, Block compiled, NDArray x, Precision precision) {
        NDArray[] dx = new NDArray[2];
        NDArray[] y = new NDArray[2];
        for (int i = 0; i < 2; i++) {
            NDArray variable = x.copy();
            Autograd.attachGradient(variable);
            NDArray sum;
            try (Autograd.Mode record = Autograd.record()) {
                y[i] = (i == 0 ? eager : compiled).call(variable);
                sum = y[i].cast(DType.FLOAT32).sum();
            }
            Autograd.backward(sum);
            dx[i] = Autograd.gradient(variable);
        }
        compare(what + ", output", y[0], y[1], precision);
        compare(what + ", gradient", dx[0], dx[1], precision);
        eager.parameters().forEach((name, p) -> {
            if (p.isTrained()) {
                NDArray got = compiled.parameters().get(name).gradient();
                compare(what + ", gradient of " + name, p.gradient(), got, precision);
            }
        });
    }

    private static NDArray planted(Shape shape, float[] plants, int seed) {
        Random random = new Random(seed);
        float[] v = new float[(int) shape.size()];
        for (int i = 0; i < v.length; i++) {
            v[i] = (float) random.nextGaussian();
        }
        for (float p : plants) {
            v[random.nextInt(v.length)] = p;
        }
        return NDArray.of(shape, v);
    }

    private static void compare(String what, NDArray expected, NDArray got, Precision precision) {
        assertEquals(expected.spec(), got.spec(), what);
        double[] e = expected.toDoubleArray();
        double[] g = got.toDoubleArray();
        double tolerance = precision == Precision.FLOAT32 ? 1e-3 : 0.15;
        for (int i = 0; i < e.length; i++) {
            boolean same = Double.isNaN(e[i])
                    ? Double.isNaN(g[i])
                    : e[i] == g[i] || Math.abs(e[i] - g[i]) <= tolerance * (1 + Math.abs(e[i]));
            if (!same) {
                fail(what + ", element " + i + ": eager " + e[i] + ", compiled " + g[i]);
            }
        }
    }
}
