package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.math.Elementwise;
import io.kiln.op.random.Distributions;
import io.kiln.op.random.RandomGamma;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomPoisson;
import io.kiln.op.reduce.Reductions;
import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Random numbers are distributed as they say. */
class DistributionsTest {
    private static final int MANY = 40_000;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(11);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** The largest distance from a distribution function is below what chance exceeds once in a million (Kolmogorov). */
    private static void follows(NDArray sample, DoubleUnaryOperator below) {
        double[] x = sample.toDoubleArray();
        Arrays.sort(x);
        double distance = 0;
        for (int i = 0; i < x.length; i++) {
            double p = below.applyAsDouble(x[i]);
            distance = Math.max(distance, Math.max(p - (double) i / x.length, (i + 1.0) / x.length - p));
        }
        assertTrue(distance < 2.7 / Math.sqrt(x.length), "distance " + distance);
    }

    private static void counted(long[] sample, double... probabilities) {
        double[] counts = new double[probabilities.length];
        for (long s : sample) {
            counts[(int) s]++;
        }
        for (int k = 0; k < counts.length; k++) {
            double p = probabilities[k];
            double deviation = Math.sqrt(sample.length * p * (1 - p));
            assertEquals(sample.length * p, counts[k], 5 * deviation, "class " + k);
        }
    }

    private static void moments(NDArray sample, double mean, double variance) {
        double n = sample.size();
        assertEquals(mean, sample.mean().item(), 5 * Math.sqrt(variance / n));
        assertEquals(1, Reductions.variance(sample, 1, false).item() / variance, 0.06);
    }

    @Test
    void exponentialAndGumbelNumbersFollowTheirDistributions() {
        follows(Distributions.exponential(Shape.of(MANY), 2, DType.FLOAT64), x -> 1 - Math.exp(-x / 2));
        follows(Distributions.gumbel(Shape.of(MANY), DType.FLOAT64), x -> Math.exp(-Math.exp(-x)));
        NDArray like = NDArray.zeros(Shape.of(MANY), DType.FLOAT64);
        follows(Distributions.gumbelLike(like), x -> Math.exp(-Math.exp(-x)));
    }

    @Test
    void gammaNumbersFollowTheirDistribution() {
        // Distribution functions of whole and half parameters are elementary.
        NDArray one = NDArray.full(Shape.of(MANY), 1, DType.FLOAT64);
        follows(Distributions.gamma(one, 3), x -> 1 - Math.exp(-x / 3));
        follows(Distributions.gamma(one.mul(3), 1), x -> 1 - Math.exp(-x) * (1 + x + x * x / 2));
        NDArray half = Distributions.gamma(one.mul(0.5), 1);
        follows(Elementwise.erf(half.sqrt()), p -> p);
        moments(Distributions.gamma(one.mul(40), 0.5), 20, 10);
    }

    @Test
    void poissonNumbersFollowTheirDistribution() {
        for (double mean : new double[] {0.4, 3, 9.5}) {
            NDArray x = Distributions.poisson(NDArray.full(Shape.of(MANY), mean, DType.FLOAT64));
            double[] p = new double[40];
            p[0] = Math.exp(-mean);
            for (int k = 1; k < p.length; k++) {
                p[k] = p[k - 1] * mean / k;
            }
            counted(x.toLongArray(), p);
        }
        for (double mean : new double[] {10, 30, 1000}) {
            moments(Distributions.poisson(NDArray.full(Shape.of(MANY), mean, DType.FLOAT64)), mean, mean);
        }
        NDArray edge = NDArray.of(Shape.of(3), 0, Double.NaN, Double.POSITIVE_INFINITY);
        assertArrayEquals(
                new double[] {0, Double.NaN, Double.POSITIVE_INFINITY},
                Distributions.poisson(edge).toDoubleArray());
    }

    @Test
    void integersAreEvenOverTheirRange() {
        long[] x = Distributions.integers(Shape.of(MANY), -2, 3).toLongArray();
        for (int i = 0; i < x.length; i++) {
            x[i] += 2;
        }
        counted(x, 0.2, 0.2, 0.2, 0.2, 0.2);
        long[] wide = Distributions.integers(Shape.of(1000), 0, 1L << 32).toLongArray();
        assertTrue(Arrays.stream(wide).allMatch(v -> v >= 0 && v < 1L << 32));
        assertTrue(Arrays.stream(wide).anyMatch(v -> v > 3L << 30));
    }

    @Test
    void classesAreDrawnByTheirWeights() {
        NDArray weights = NDArray.of(Shape.of(2, 4), 1f, 0f, 3f, 4f, 0f, 0f, 5f, 0f);
        NDArray x = Distributions.categorical(weights, MANY);
        assertEquals(Shape.of(2, MANY), x.shape());
        counted(x.slice(0, 0, 1).toLongArray(), 0.125, 0, 0.375, 0.5);
        counted(x.slice(0, 1, 2).toLongArray(), 0, 0, 1, 0);
    }

    @Test
    void permutationsHoldEachNumberOnceAndAreEquallyLikely() {
        long[] p = Distributions.permutation(1000).toLongArray();
        Arrays.sort(p);
        for (int i = 0; i < p.length; i++) {
            assertEquals(i, p[i]);
        }
        long[] orders = new long[6000];
        for (int i = 0; i < orders.length; i++) {
            try (Scope each = Scope.open()) {
                long[] q = Distributions.permutation(3).toLongArray();
                orders[i] = 2 * q[0] + (q[1] > q[2] ? 1 : 0);
            }
        }
        double sixth = 1 / 6.0;
        counted(orders, sixth, sixth, sixth, sixth, sixth, sixth);
    }

    @Test
    void shufflingKeepsRowsWhole() {
        NDArray x = NDArray.of(Shape.of(3, 2), 0f, 1f, 2f, 3f, 4f, 5f);
        float[] y = Distributions.shuffle(x, 0).toFloatArray();
        for (int i = 0; i < 6; i += 2) {
            assertEquals(y[i] + 1, y[i + 1]);
        }
    }

    @Test
    void parametersOutsideOfTheirRangeAreRefused() {
        assertEquals(
                "randomGamma: parameters must be above 0, got -1.0",
                assertThrows(IllegalArgumentException.class, () -> Distributions.gamma(NDArray.of(-1f), 1))
                        .getMessage());
        assertEquals(
                "randomInteger: needs low < high <= low + 2^32, got low 3 and high 3",
                assertThrows(IllegalArgumentException.class, () -> Distributions.integers(Shape.of(1), 3, 3))
                        .getMessage());
    }

    @Test
    void drawsOfParametersThatAreNotFiniteEnd() {
        NDArray parameter = NDArray.of(Shape.of(2), new double[] {Double.POSITIVE_INFINITY, Double.NaN});
        double[] gamma = Dispatch.one(new RandomGamma(), parameter).toDoubleArray();
        double[] poisson = Dispatch.one(new RandomPoisson(), parameter).toDoubleArray();
        assertArrayEquals(parameter.toDoubleArray(), gamma);
        assertArrayEquals(parameter.toDoubleArray(), poisson);
    }
}
