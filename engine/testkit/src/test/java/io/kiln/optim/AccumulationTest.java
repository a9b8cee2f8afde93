package io.kiln.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.L2;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Accumulated gradients and averaged weights. */
class AccumulationTest {
    private Scope scope;
    private NDArray x;
    private NDArray y;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(4);
        x = RandomOps.normal(Shape.of(12, 5), 0, 1, DType.FLOAT32);
        y = x.slice(1, 0, 1).mul(2).add(1);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Block network() {
        Block net = new Sequential(new Dense(6, Activation.TANH), new Dense(1));
        net.initialize(8);
        return net;
    }

    private static Trainer trainer(Block net) {
        return new Trainer(net.parameters(), new UpdateRule(new Adam(), 0.05).withClipNorm(1));
    }

    private boolean step(Block net, Trainer trainer, int from, int to, double size) {
        try (Scope step = Scope.open()) {
            trainer.differentiate(() -> {
                NDArray losses = new L2().compute(net.forward(x.slice(0, from, to)), y.slice(0, from, to));
                return size == 1 ? losses.mean() : losses.sum();
            });
            return trainer.step(size);
        }
    }

    private static float[] weights(Block net) {
        return net.values().get("0.weight").toFloatArray();
    }

    @Test
    void threeBatchesUpdateAsOneLargeBatch() {
        Block whole = network();
        Block parts = network();
        try (Trainer a = trainer(whole);
                Trainer b = trainer(parts).accumulate(3)) {
            for (int t = 0; t < 4; t++) {
                assertTrue(step(whole, a, 0, 12, 12));
                assertFalse(step(parts, b, 0, 2, 2));
                assertFalse(step(parts, b, 2, 7, 5));
                assertThrows(IllegalStateException.class, () -> b.accumulate(1));
                assertTrue(step(parts, b, 7, 12, 5));
                assertArrayEquals(weights(whole), weights(parts), 1e-6f, "update " + t);
            }
            assertEquals(4, b.steps());
        }
    }

    @Test
    void meansOfEqualBatchesMakeTheMeanOfAll() {
        Block whole = network();
        Block parts = network();
        try (Trainer a = trainer(whole);
                Trainer b = trainer(parts).accumulate(2)) {
            step(whole, a, 0, 12, 1);
            step(parts, b, 0, 6, 1);
            step(parts, b, 6, 12, 1);
            assertArrayEquals(weights(whole), weights(parts), 1e-6f);
            b.accumulate(1);
            step(whole, a, 0, 6, 1);
            step(parts, b, 0, 6, 1);
            assertArrayEquals(weights(whole), weights(parts), 1e-6f, "no gradient is left behind");
        }
    }

    @Test
    void aStaleGradientIsRefusedInEachBatch() {
        Block net = network();
        try (Trainer t = trainer(net).accumulate(2)) {
            step(net, t, 0, 6, 1);
            assertThrows(IllegalStateException.class, () -> t.step(1));
        }
    }

    @Test
    void waitingGradientsAndASetRateAreSavedWithTheStates(@TempDir Path folder) throws IOException {
        Path states = folder.resolve("states");
        Block net = network();
        Block other = network();
        try (Trainer t = trainer(net).accumulate(3);
                Trainer u = trainer(other).accumulate(3);
                Trainer few = trainer(network()).accumulate(2)) {
            step(net, t, 0, 2, 2);
            step(net, t, 2, 7, 5);
            t.setLearningRate(0.01);
            t.saveStates(states);
            u.loadStates(states);
            assertEquals(0.01, u.learningRate());
            assertTrue(step(net, t, 7, 12, 5));
            assertTrue(step(other, u, 7, 12, 5));
            assertArrayEquals(weights(net), weights(other));
            IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> few.loadStates(states));
            assertTrue(e.getMessage().contains("after 2 of 3 accumulated batches"), e.getMessage());
            t.saveStates(states);
            step(other, u, 0, 2, 2);
            u.loadStates(states);
            assertFalse(u.flush(), "what waited belonged to another training");
        }
    }

    @Test
    void fewerBatchesMakeAnUpdateWhenTheyAreFlushed() {
        Block whole = network();
        Block parts = network();
        try (Trainer a = trainer(whole);
                Trainer b = trainer(parts).accumulate(3)) {
            assertFalse(b.flush());
            step(whole, a, 0, 7, 7);
            step(parts, b, 0, 2, 2);
            step(parts, b, 2, 7, 5);
            assertTrue(b.flush());
            assertFalse(b.flush());
            assertArrayEquals(weights(whole), weights(parts), 1e-6f);
            step(whole, a, 7, 12, 5);
            step(parts, b, 7, 12, 5);
            assertTrue(b.flush());
            assertArrayEquals(weights(whole), weights(parts), 1e-6f, "no gradient is left behind");
        }
    }

    @Test
    void averagesFollowTheWeightsAndAreSwappedInAndOut() {
        Block net = network();
        try (Trainer t = trainer(net).average(new WeightAverage.Settings(0.8, false))) {
            step(net, t, 0, 12, 1);
            float[] average = weights(net);
            for (int k = 0; k < 5; k++) {
                step(net, t, 0, 12, 1);
                float[] w = weights(net);
                for (int i = 0; i < w.length; i++) {
                    average[i] += 0.2f * (w[i] - average[i]);
                }
            }
            float[] trained = weights(net);
            try (WeightAverage.Swap averaged = t.average().swapIn()) {
                assertArrayEquals(average, weights(net), 1e-6f);
                assertThrows(IllegalStateException.class, () -> t.average().swapIn());
                assertThrows(IllegalStateException.class, () -> step(net, t, 0, 12, 1));
            }
            assertArrayEquals(trained, weights(net));
            assertTrue(step(net, t, 0, 12, 1));
        }
    }

    @Test
    void warmUpForgetsTheFirstWeightsSooner() {
        Block net = network();
        try (Trainer t = trainer(net).average(new WeightAverage.Settings())) {
            step(net, t, 0, 12, 1);
            float[] first = weights(net);
            step(net, t, 0, 12, 1);
            float[] second = weights(net);
            try (WeightAverage.Swap averaged = t.average().swapIn()) {
                // the second update's decay is (1 + 2) / (10 + 2)
                assertEquals(first[0] + 0.75f * (second[0] - first[0]), weights(net)[0], 1e-6f);
            }
        }
    }

    @Test
    void equalAveragesAreTheMeanOfTheWeightsAfterSomeUpdates() {
        Block net = network();
        try (Trainer t = trainer(net).average(new WeightAverage.Equal(2, 3))) {
            float[][] after = new float[9][];
            for (int k = 1; k < after.length; k++) {
                step(net, t, 0, 12, 1);
                after[k] = weights(net);
                float[] mean = k == 1 ? after[1].clone() : new float[after[k].length];
                for (int n = 2; n <= k; n += 3) {
                    for (int i = 0; i < mean.length; i++) {
                        mean[i] += after[n][i] / ((k - 2) / 3 + 1);
                    }
                }
                try (WeightAverage.Swap averaged = t.average().swapIn()) {
                    assertArrayEquals(mean, weights(net), 1e-6f);
                }
            }
        }
        assertThrows(IllegalArgumentException.class, () -> new WeightAverage.Equal(0, 1));
        assertThrows(IllegalArgumentException.class, () -> new WeightAverage.Equal(1, 0));
    }

    @Test
    void averagesAreSavedWithTheStates(@TempDir Path folder) throws IOException {
        Path states = folder.resolve("states");
        Path values = folder.resolve("weights");
        Block net = network();
        Block other = network();
        try (Trainer t = trainer(net).average(new WeightAverage.Settings());
                Trainer u = trainer(other).average(new WeightAverage.Settings())) {
            for (int k = 0; k < 3; k++) {
                step(net, t, 0, 12, 1);
            }
            t.saveStates(states);
            net.save(values);
            other.load(values);
            u.loadStates(states);
            step(net, t, 0, 12, 1);
            step(other, u, 0, 12, 1);
            assertArrayEquals(weights(net), weights(other));
            try (WeightAverage.Swap a = t.average().swapIn();
                    WeightAverage.Swap b = u.average().swapIn()) {
                assertArrayEquals(weights(net), weights(other));
            }
        }
        try (Trainer plain = trainer(other)) {
            plain.loadStates(states);
            assertEquals(3, plain.steps());
            assertThrows(IllegalStateException.class, plain::average);
        }
    }
}
