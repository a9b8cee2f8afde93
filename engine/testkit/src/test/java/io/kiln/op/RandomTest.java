package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.internal.Philox;
import io.kiln.op.nn.Neural;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.util.Arrays;
import java.util.Map;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Random numbers follow from seed, draw and position, and are distributed as they say. */
@Tag("core")
class RandomTest {
    private static final int MANY = 100_003;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(42);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void equalSeedsGiveEqualNumbersAndDrawsDiffer() {
        float[] first = RandomOps.uniform(Shape.of(9), 0, 1, DType.FLOAT32).toFloatArray();
        float[] second = RandomOps.uniform(Shape.of(9), 0, 1, DType.FLOAT32).toFloatArray();
        assertFalse(Arrays.equals(first, second));
        RandomGenerator.seed(42);
        assertArrayEquals(
                first, RandomOps.uniform(Shape.of(3, 3), 0, 1, DType.FLOAT32).toFloatArray());
    }

    @Test
    void numbersAreThoseOfTheGeneratorElementByElement() {
        int n = 4099;
        int[] words = new int[4 * ((n + 3) / 4)];
        Philox.fill(RandomGenerator.state(), 0, words);
        float[] got = RandomOps.uniform(Shape.of(n), -1, 3, DType.FLOAT32).toFloatArray();
        for (int i = 0; i < n; i++) {
            assertEquals(-1 + 4 * Philox.uniform(words[i]), got[i], 1e-6f);
        }
    }

    @Test
    void numberOfThreadsChangesNothing() {
        int before = Backends.current().threads();
        try {
            Backends.current().setThreads(1);
            float[] one = RandomOps.normal(Shape.of(MANY), 0, 1, DType.FLOAT32).toFloatArray();
            Backends.current().setThreads(2);
            RandomGenerator.seed(42);
            assertArrayEquals(
                    one, RandomOps.normal(Shape.of(MANY), 0, 1, DType.FLOAT32).toFloatArray());
        } finally {
            Backends.current().setThreads(before);
        }
    }

    @Test
    void uniformNumbersFillTheirRangeEvenly() {
        double[] x = RandomOps.uniform(Shape.of(MANY), -2, 6, DType.FLOAT32).toDoubleArray();
        assertTrue(Arrays.stream(x).allMatch(v -> v >= -2 && v < 6));
        kolmogorov(x, v -> (v + 2) / 8);
    }

    @Test
    void normalNumbersAreNormal() {
        double[] x = RandomOps.normal(Shape.of(MANY), 3, 2, DType.FLOAT32).toDoubleArray();
        assertEquals(3, Arrays.stream(x).average().orElseThrow(), 0.03);
        kolmogorov(x, v -> normalDistribution((v - 3) / 2));
    }

    /** The greatest distance to the distribution function exceeds 1.95/sqrt(n) once in a thousand samples. */
    private static void kolmogorov(double[] x, DoubleUnaryOperator distribution) {
        Arrays.sort(x);
        double worst = 0;
        for (int i = 0; i < x.length; i++) {
            double f = distribution.applyAsDouble(x[i]);
            worst = Math.max(worst, Math.max(Math.abs(f - (double) i / x.length), Math.abs(f - (i + 1.0) / x.length)));
        }
        assertTrue(worst < 1.95 / Math.sqrt(x.length), "distance " + worst);
    }

    /** By the trapezoidal rule: independent of the engine's error function. */
    private static double normalDistribution(double x) {
        double end = Math.min(8, Math.abs(x));
        double sum = 0;
        int n = 200;
        for (int i = 0; i <= n; i++) {
            double t = end * i / n;
            sum += (i == 0 || i == n ? 0.5 : 1) * Math.exp(-t * t / 2);
        }
        double half = sum * end / n / Math.sqrt(2 * Math.PI);
        return x < 0 ? 0.5 - half : 0.5 + half;
    }

    @Test
    void bernoulliGivesOnesWithItsProbability() {
        NDArray x = RandomOps.bernoulli(Shape.of(MANY), 0.3, DType.FLOAT32);
        assertTrue(Arrays.stream(x.toDoubleArray()).allMatch(v -> v == 0 || v == 1));
        assertEquals(0.3, x.mean().item(), 4 * Math.sqrt(0.21 / MANY));
        assertEquals(
                0, RandomOps.bernoulli(Shape.of(1000), 0, DType.FLOAT32).sum().item());
        assertEquals(
                1000,
                RandomOps.bernoulli(Shape.of(1000), 1, DType.FLOAT32).sum().item());
    }

    @Test
    void dropoutKeepsTheMeanAndDropsItsShare() {
        NDArray x = NDArray.ones(Shape.of(MANY), DType.FLOAT32);
        try (Autograd.Mode train = Autograd.trainMode()) {
            NDArray y = Neural.dropout(x, 0.4);
            assertEquals(1, y.mean().item(), 0.01);
            assertEquals(0.4, y.eq(0).cast(DType.FLOAT32).mean().item(), 0.01);
        }
        assertArrayEquals(x.toFloatArray(), Neural.dropout(x, 0.4).toFloatArray());
    }

    @Test
    void tracedGraphsDrawAnewAtEachRun() {
        Graph graph;
        try (GraphBuilder builder = GraphBuilder.open()) {
            NDArray x = builder.input("x", new Spec(Shape.of(-1, 2), DType.FLOAT32));
            graph = builder.build(x.add(RandomOps.normalLike(x, 0, 1)));
        }
        NDArray zeros = NDArray.zeros(Shape.of(5, 2), DType.FLOAT32);
        float[] first = graph.run(Map.of(), zeros)[0].toFloatArray();
        float[] second = graph.run(Map.of(), zeros)[0].toFloatArray();
        assertFalse(Arrays.equals(first, second));
        RandomGenerator.seed(42);
        assertArrayEquals(first, graph.run(Map.of(), zeros)[0].toFloatArray());
    }

    @Test
    void wrongParametersAreRefusedWithTheirValues() {
        String low = assertThrows(
                        IllegalArgumentException.class, () -> RandomOps.uniform(Shape.of(2), 3, 1, DType.FLOAT32))
                .getMessage();
        assertEquals("randomUniform: needs finite low <= high, got low 3.0 and high 1.0", low);
        String p = assertThrows(
                        IllegalArgumentException.class, () -> RandomOps.bernoulli(Shape.of(2), 1.5, DType.FLOAT32))
                .getMessage();
        assertEquals("randomBernoulli: p must be from 0 to 1, got 1.5", p);
        assertThrows(IllegalArgumentException.class, () -> RandomOps.normal(Shape.of(2), 0, 1, DType.INT32));
    }
}
