package io.kiln.kvstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.format.ByteChunks;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;
import io.kiln.optim.Adam;
import io.kiln.optim.Sgd;
import io.kiln.optim.UpdateRule;
import io.kiln.optim.WeightAverage;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Averages of weights, and learning rates that differ by parameter, on one and several ranks. */
class ExchangeAveragesTest {
    private static final double DECAY = 0.75;

    private static List<TrainedParameter> parameters() {
        return List.of(
                new TrainedParameter(
                        "a", NDArray.full(Shape.of(5, 3), 1, DType.FLOAT32), Role.WEIGHT, false, false, 0.5),
                new TrainedParameter("b", NDArray.full(Shape.of(7), 1, DType.FLOAT32), Role.BIAS),
                new TrainedParameter("t", NDArray.full(Shape.of(4, 2), 1, DType.FLOAT32), Role.WEIGHT, true, false, 2));
    }

    private static GradientExchange open(Transport t, UpdateRule rule, WeightAverage.Rule averaging) {
        return new GradientExchange(t, parameters(), rule, null, averaging);
    }

    private static void step(GradientExchange e, float... gradients) {
        try (Scope scope = Scope.open()) {
            e.beginStep(1);
            for (int i = 0; i < gradients.length; i++) {
                NDArray w = e.weights().get(i);
                NDArray g = NDArray.full(w.shape(), gradients[i], w.dtype());
                if (e.isByRows(parameters().get(i).name())) {
                    e.rowsReady(parameters().get(i).name(), NDArray.of(0, 1, 2, 3), g);
                } else {
                    e.gradientReady(w, g);
                }
            }
            e.step();
        }
    }

    private static float[] firsts(GradientExchange e) {
        float[] all = new float[e.weights().size()];
        for (int i = 0; i < all.length; i++) {
            float[] w = e.weights().get(i).toFloatArray();
            all[i] = w[0];
            for (float x : w) {
                assertEquals(w[0], x);
            }
        }
        return all;
    }

    /** Steps without an update, as after an overflow, do not count. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void equalAveragesAreTheMeanOfTheWeightsThatWereAdded(int workers) throws Exception {
        Ranks.run(workers, t -> {
            UpdateRule rule = new UpdateRule(new Sgd(), 0.1);
            try (Scope scope = Scope.open();
                    GradientExchange e = open(workers == 1 ? null : t, rule, new WeightAverage.Equal(1, 1))) {
                assertThrows(KVStoreException.class, e::swapAverages);
                double[] sum = new double[3];
                for (int n = 1; n <= 4; n++) {
                    for (int s = 0; s < n; s++) {
                        step(e, n, -2 * s, 3);
                    }
                    float[] w = firsts(e);
                    e.addToAverages(n);
                    e.swapAverages();
                    float[] found = firsts(e);
                    e.swapAverages();
                    assertArrayEquals(w, firsts(e));
                    for (int i = 0; i < found.length; i++) {
                        sum[i] += w[i];
                        assertEquals(sum[i] / n, found[i], 1e-5);
                    }
                }
                step(e, 1, 1, 1);
                float[] w = firsts(e);
                e.addToAverages(1);
                e.swapAverages();
                assertArrayEquals(w, firsts(e));
            }
            return null;
        });
        assertThrows(
                IllegalArgumentException.class,
                () -> open(null, new UpdateRule(new Sgd(), 0.1), new WeightAverage.Equal(2, 1)));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void averagesFollowTheWeightsAndSwapBackToTheSameBits(int workers) throws Exception {
        Ranks.run(workers, t -> {
            UpdateRule rule = new UpdateRule(new Sgd(), 0.1);
            try (Scope scope = Scope.open();
                    GradientExchange e =
                            open(workers == 1 ? null : t, rule, new WeightAverage.Settings(DECAY, false))) {
                double[] w = {1, 1, 1};
                double[] rates = {0.05, 0.1, 0.2};
                double[] average = new double[3];
                for (int s = 1; s <= 4; s++) {
                    float[] g = {s, -2 * s, 3};
                    step(e, g);
                    for (int i = 0; i < 3; i++) {
                        w[i] -= rates[i] * g[i];
                        average[i] = s == 1 ? w[i] : DECAY * average[i] + (1 - DECAY) * w[i];
                    }
                }
                float[] before = firsts(e);
                e.swapAverages();
                float[] averages = firsts(e);
                for (int i = 0; i < 3; i++) {
                    assertEquals(w[i], before[i], 1e-5);
                    assertEquals(average[i], averages[i], 1e-5);
                }
                String message = assertThrows(KVStoreException.class, () -> e.beginStep(1))
                        .getMessage();
                assertTrue(message.contains("swap them back"), message);
                e.swapAverages();
                assertArrayEquals(before, firsts(e));
                return null;
            }
        });
    }

    @Test
    void averagesAreSavedWithTheSlice() throws Exception {
        UpdateRule rule = new UpdateRule(new Adam(), 0.1);
        List<ByteChunks> saved = Ranks.run(2, t -> {
            try (Scope scope = Scope.open();
                    GradientExchange e = open(t, rule, new WeightAverage.Settings())) {
                step(e, 1, 2, 3);
                step(e, -1, 5, 3);
                return ByteChunks.write(e::saveSlice);
            }
        });
        List<float[]> restored = Ranks.run(2, t -> {
            try (Scope scope = Scope.open();
                    GradientExchange e = open(t, rule, new WeightAverage.Settings())) {
                e.restoreSlice(saved.get(t.rank()).open());
                return finished(e);
            }
        });
        List<float[]> direct = Ranks.run(2, t -> {
            try (Scope scope = Scope.open();
                    GradientExchange e = open(t, rule, new WeightAverage.Settings())) {
                step(e, 1, 2, 3);
                step(e, -1, 5, 3);
                return finished(e);
            }
        });
        assertArrayEquals(direct.get(0), restored.get(0));
        assertArrayEquals(direct.get(0), restored.get(1));
    }

    private static float[] finished(GradientExchange e) {
        step(e, 2, 2, 2);
        e.swapAverages();
        return firsts(e);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void ratesDifferByParameter(int workers) throws Exception {
        Ranks.run(workers, t -> {
            try (Scope scope = Scope.open();
                    GradientExchange e = open(workers == 1 ? null : t, new UpdateRule(new Sgd(), 0.1), null)) {
                assertTrue(e.isByRows("t"));
                step(e, 1, 1, 1);
                assertArrayEquals(new float[] {0.95f, 0.9f, 0.8f}, firsts(e), 1e-6f, Arrays.toString(firsts(e)));
                String message =
                        assertThrows(KVStoreException.class, e::swapAverages).getMessage();
                assertTrue(message.contains("create the exchange with averaging"), message);
                return null;
            }
        });
    }
}
