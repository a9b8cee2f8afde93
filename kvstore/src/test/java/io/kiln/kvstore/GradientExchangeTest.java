package io.kiln.kvstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.format.ByteChunks;
import io.kiln.kvstore.collective.Collectives;
import io.kiln.kvstore.transport.Transport;
import io.kiln.kvstore.transport.TransportOptions;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;
import io.kiln.optim.Adam;
import io.kiln.optim.ConstantRate;
import io.kiln.optim.GroupAdaGrad;
import io.kiln.optim.Lamb;
import io.kiln.optim.Lans;
import io.kiln.optim.Lookahead;
import io.kiln.optim.LossScaleException;
import io.kiln.optim.LossScaler;
import io.kiln.optim.Sgd;
import io.kiln.optim.UpdateRule;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("core")
@Timeout(180)
class GradientExchangeTest {
    private static final int IN = 37;
    private static final int HIDDEN = 701;
    private static final int HIDDEN_2 = 513;
    private static final int OUT = 3;
    private static final int BATCH = 24;

    private static NDArray random(long seed, double scale, long... dims) {
        Shape shape = Shape.of(dims);
        Random r = new Random(seed);
        float[] f = new float[(int) shape.size()];
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) (r.nextGaussian() * scale);
        }
        return NDArray.of(shape, f);
    }

    /** A network with buckets of several kinds: 4 bytes to 1.4 MB per parameter. */
    private static List<TrainedParameter> parameters(long seed) {
        return List.of(
                new TrainedParameter("w1", random(seed, 0.2, IN, HIDDEN), Role.WEIGHT),
                new TrainedParameter("b1", random(seed + 1, 0.2, HIDDEN), Role.BIAS),
                new TrainedParameter("w2", random(seed + 2, 0.05, HIDDEN, HIDDEN_2), Role.WEIGHT),
                new TrainedParameter("b2", random(seed + 3, 0.2, HIDDEN_2), Role.BIAS),
                new TrainedParameter("w3", random(seed + 4, 0.1, HIDDEN_2, OUT), Role.WEIGHT),
                new TrainedParameter("b3", random(seed + 5, 0.1, OUT), Role.BIAS));
    }

    private static NDArray loss(List<NDArray> w, NDArray x, NDArray y) {
        NDArray h = x.matmul(w.get(0)).add(w.get(1)).relu();
        NDArray h2 = h.matmul(w.get(2)).add(w.get(3)).relu();
        NDArray d = h2.matmul(w.get(4)).add(w.get(5)).sub(y);
        return d.mul(d).sum().mul(0.5 / x.shape().dim(0));
    }

    private static NDArray rows(NDArray a, int from, int to) {
        long width = a.shape().dim(1);
        return a.view(Shape.of(to - from, width), new long[] {width, 1}, from * width);
    }

    /** One step on rows [from, to) of the batch. */
    private static double step(GradientExchange exchange, int number, int from, int to) {
        try (Scope scope = Scope.open()) {
            NDArray x = random(50 + number, 1, BATCH, IN);
            NDArray y = random(70 + number, 1, BATCH, OUT);
            exchange.beginStep(to - from);
            if (to > from) {
                List<NDArray> w = exchange.weights();
                NDArray loss;
                try (Autograd.Mode mode = Autograd.record()) {
                    loss = loss(w, rows(x, from, to), rows(y, from, to));
                }
                Autograd.backward(List.of(loss), null, false, exchange::gradientReady);
            }
            return exchange.step();
        }
    }

    /** Steps with given gradients; null for a rank without a batch. */
    private static boolean given(GradientExchange exchange, double samples, double factor, Float... gradients) {
        try (Scope scope = Scope.open()) {
            exchange.beginStep(samples, factor);
            for (int i = 0; factor > 0 && i < gradients.length; i++) {
                NDArray w = exchange.weights().get(i);
                exchange.gradientReady(w, NDArray.full(w.shape(), gradients[i], w.dtype()));
            }
            exchange.step();
            return exchange.hasOverflowed();
        }
    }

    /** Two parameters, in slices of both ranks. */
    private static GradientExchange scaled(Transport t, double clipNorm) {
        List<TrainedParameter> two = List.of(
                new TrainedParameter("a", random(1, 1, 6, 4), Role.WEIGHT),
                new TrainedParameter("b", random(2, 1, 30), Role.BIAS));
        UpdateRule rule = new UpdateRule(new Sgd(), new ConstantRate(1), 0, Double.POSITIVE_INFINITY, clipNorm);
        return new GradientExchange(t, two, rule, new LossScaler(new LossScaler.Settings(8, 2, 3, 16)), null);
    }

    @ParameterizedTest
    @CsvSource({"1, Infinity", "2, Infinity", "2, 1e9"})
    void anOverflowOnOneRankSkipsTheStepOnAllAndHalvesTheScale(int ranks, double clipNorm) throws Exception {
        Ranks.run(ranks, t -> {
            try (Scope scope = Scope.open();
                    GradientExchange e = scaled(t, clipNorm)) {
                float[] before = e.weights().get(1).toFloatArray();
                boolean last = t.rank() == ranks - 1;
                assertTrue(given(e, 2, 2, 8f, last ? Float.NaN : 8f));
                assertEquals(4, e.lossScale());
                assertEquals(0, e.updates());
                assertArrayEquals(before, e.weights().get(1).toFloatArray());
                assertTrue(given(e, last ? 2 : 0, last ? 2 : 0, Float.POSITIVE_INFINITY, 8f));
                assertEquals(2, e.lossScale());
                assertFalse(given(e, 2, 2, 6f, 6f), "an update with 6 / 2");
                assertEquals(2, e.lossScale());
                assertEquals(1, e.updates());
                float[] after = e.weights().get(1).toFloatArray();
                for (int i = 0; i < after.length; i++) {
                    assertEquals(before[i] - 3, after[i], 1e-6);
                }
                return null;
            }
        });
    }

    @Test
    void gradientsThatAlwaysOverflowEndTheLoopOnAllRanks() throws Exception {
        Ranks.run(2, t -> {
            try (Scope scope = Scope.open();
                    GradientExchange e = scaled(t, Double.POSITIVE_INFINITY)) {
                for (int i = 0; i < 12; i++) {
                    assertTrue(given(e, 1, 1, Float.NaN, 0f));
                }
                assertEquals(1, e.lossScale());
                assertThrows(LossScaleException.class, () -> given(e, 1, 1, Float.NaN, 0f));
                return null;
            }
        });
    }

    @Test
    void theScaleGrowsOnAllRanksAndGoesOnFromASavedSlice() throws Exception {
        Ranks.run(2, t -> {
            byte[] slice;
            try (Scope scope = Scope.open();
                    GradientExchange e = scaled(t, Double.POSITIVE_INFINITY)) {
                given(e, 1, 1, 0f, 0f);
                given(e, 1, 1, 0f, 0f);
                assertEquals(8, e.lossScale());
                slice = saved(e);
            }
            try (Scope scope = Scope.open();
                    GradientExchange e = scaled(t, Double.POSITIVE_INFINITY)) {
                e.restoreSlice(new ByteArrayInputStream(slice));
                given(e, 1, 1, 0f, 0f);
                assertEquals(16, e.lossScale(), "the third clean step");
                return null;
            }
        });
    }

    @Test
    void gradientsOfSumsAreDividedByTheirCommonFactor() throws Exception {
        Ranks.run(2, t -> {
            try (Scope scope = Scope.open();
                    GradientExchange e = scaled(t, Double.POSITIVE_INFINITY)) {
                float before = e.weights().get(1).toFloatArray()[0];
                // Sums over 1 and 3 samples whose gradients are 2 and 6, divided by 4 and times the scale of 8.
                given(e, t.rank() == 0 ? 1 : 3, 4, 4f, t.rank() == 0 ? 4f : 36f);
                assertEquals(before - 5, e.weights().get(1).toFloatArray()[0], 1e-6, "(2 + 3 · 6) / 4");
                given(e, t.rank() == 0 ? 2 : 0, 4, 4f, t.rank() == 0 ? 4f : 8f);
                assertEquals(before - 8, e.weights().get(1).toFloatArray()[0], 1e-6, "4 (4 + 8) / 8 / 2 more");
                return null;
            }
        });
    }

    private interface Work<T> {
        T run(GradientExchange exchange, int rank) throws Exception;
    }

    private static <T> T with(Transport t, UpdateRule rule, Work<T> work) throws Exception {
        try (Scope scope = Scope.open();
                GradientExchange exchange =
                        new GradientExchange(t, parameters(t == null ? 1 : 1 + 100 * t.rank()), rule)) {
            exchange.weights().forEach(Autograd::attachGradient);
            return work.run(exchange, t == null ? 0 : t.rank());
        }
    }

    private static byte[] saved(GradientExchange e) {
        ByteChunks slice = ByteChunks.write(e::saveSlice);
        assertEquals(e.sliceBytes(), slice.length());
        return slice.toByteArray();
    }

    private static float[][] values(GradientExchange e) {
        return e.weights().stream().map(NDArray::toFloatArray).toArray(float[][]::new);
    }

    private static UpdateRule rule(String name) {
        return switch (name) {
            case "sgd" -> new UpdateRule(new Sgd(0.9), 0.02).withWeightDecay(0.01);
            case "adam" -> new UpdateRule(new Adam(), 0.001).withWeightDecay(0.01);
            case "clipped" -> new UpdateRule(new Sgd(0.9), 0.02).withClipNorm(0.5);
            case "lamb" -> new UpdateRule(new Lamb(), 0.01).withWeightDecay(0.01);
            case "lans" -> new UpdateRule(new Lans(), 0.01).withWeightDecay(0.01);
            case "lookahead" -> new UpdateRule(new Lookahead(new Adam(), 2, 0.5), 0.001);
            default -> throw new IllegalArgumentException(name);
        };
    }

    /** Uneven parts of the batch; with five workers one gets nothing. */
    private static int cut(int rank, int workers) {
        return workers == 5 && rank == 1 ? 0 : Math.min(BATCH, (rank * BATCH + 3 * rank) / workers);
    }

    private static List<float[][]> train(int workers, String optimizer, int steps) throws Exception {
        return Ranks.run(
                workers,
                t -> with(t, rule(optimizer), (e, rank) -> {
                    for (int i = 0; i < steps; i++) {
                        int to = rank == workers - 1 ? BATCH : cut(rank + 1, workers);
                        assertEquals(BATCH, step(e, i, cut(rank, workers), to));
                    }
                    assertEquals(steps, e.updates());
                    return values(e);
                }));
    }

    @ParameterizedTest
    @CsvSource({"2,sgd", "3,sgd", "5,sgd", "2,adam", "3,clipped", "2,lamb", "3,lamb", "2,lans", "2,lookahead", "17,sgd"
    })
    void workersWithPartsOfABatchEqualOneWithTheWhole(int workers, String optimizer) throws Exception {
        float[][] expected = with(null, rule(optimizer), (e, rank) -> {
            for (int i = 0; i < 4; i++) {
                step(e, i, 0, BATCH);
            }
            return values(e);
        });
        List<float[][]> got = train(workers, optimizer, 4);
        for (int p = 0; p < expected.length; p++) {
            for (int r = 1; r < workers; r++) {
                assertArrayEquals(got.get(0)[p], got.get(r)[p], 0f, "ranks 0 and " + r + " differ in parameter " + p);
            }
            double difference = 0;
            double norm = 0;
            for (int i = 0; i < expected[p].length; i++) {
                difference += Math.pow(got.get(0)[p][i] - expected[p][i], 2);
                norm += Math.pow(expected[p][i], 2);
            }
            assertTrue(Math.sqrt(difference / norm) <= 1e-5, "parameter " + p + ": " + Math.sqrt(difference / norm));
        }
    }

    @Test
    void gradientsComputedInTheirPlacesGiveTheSameBits() throws Exception {
        List<float[][]> copied = train(3, "adam", 3);
        List<float[][]> placed = Ranks.run(
                3,
                t -> with(t, rule("adam"), (e, rank) -> {
                    List<String> names =
                            parameters(1).stream().map(TrainedParameter::name).toList();
                    for (int i = 0; i < 3; i++) {
                        try (Scope scope = Scope.open()) {
                            int from = cut(rank, 3);
                            int to = rank == 2 ? BATCH : cut(rank + 1, 3);
                            e.beginStep(to - from);
                            NDArray loss;
                            try (Autograd.Mode mode = Autograd.record()) {
                                loss = loss(
                                        e.weights(),
                                        rows(random(50 + i, 1, BATCH, IN), from, to),
                                        rows(random(70 + i, 1, BATCH, OUT), from, to));
                            }
                            List<NDArray> found = Autograd.grad(List.of(loss), e.weights(), null, false, false);
                            for (int p = names.size() - 1; p >= 0; p--) {
                                NDArray place = e.gradientPlace(names.get(p));
                                place.assign(found.get(p));
                                e.gradientReady(e.weights().get(p), place);
                            }
                            e.step();
                        }
                    }
                    return values(e);
                }));
        for (int p = 0; p < 6; p++) {
            assertArrayEquals(copied.get(0)[p], placed.get(1)[p], 0f, "parameter " + p);
        }
        with(null, rule("adam"), (e, rank) -> {
            assertNull(e.gradientPlace("w1"));
            return null;
        });
    }

    @Test
    void theSameWorkersGiveTheSameBitsInEveryRun() throws Exception {
        List<float[][]> first = train(3, "adam", 3);
        for (int run = 0; run < 3; run++) {
            float[][] again = train(3, "adam", 3).get(run);
            for (int p = 0; p < again.length; p++) {
                assertArrayEquals(first.get(0)[p], again[p], 0f);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,adam", "2,adam", "3,lamb"})
    void trainingGoesOnFromASnapshotWithTheSameBits(int workers, String optimizer) throws Exception {
        List<List<Object>> saved = Ranks.run(
                workers,
                t -> with(t, rule(optimizer), (e, rank) -> {
                    step(e, 0, rank * 8, rank * 8 + 8);
                    step(e, 1, rank * 8, rank * 8 + 8);
                    byte[] slice = saved(e);
                    step(e, 2, rank * 8, rank * 8 + 8);
                    step(e, 3, rank * 8, rank * 8 + 8);
                    return List.of(slice, values(e));
                }));
        List<float[][]> resumed = Ranks.run(
                workers,
                t -> with(t, rule(optimizer), (e, rank) -> {
                    step(e, 9, 0, 4);
                    e.restoreSlice(
                            new ByteArrayInputStream((byte[]) saved.get(rank).get(0)));
                    assertEquals(2, e.updates());
                    step(e, 2, rank * 8, rank * 8 + 8);
                    step(e, 3, rank * 8, rank * 8 + 8);
                    return values(e);
                }));
        for (float[][] r : resumed) {
            float[][] expected = (float[][]) saved.get(0).get(1);
            for (int p = 0; p < r.length; p++) {
                assertArrayEquals(expected[p], r[p], 0f);
            }
        }
    }

    @Test
    void aSliceOfAnotherTrainingIsRefused() throws Exception {
        List<byte[]> slices = Ranks.run(2, t -> with(t, rule("adam"), (e, rank) -> saved(e)));
        with(null, rule("adam"), (e, rank) -> {
            KVStoreException x =
                    assertThrows(KVStoreException.class, () -> e.restoreSlice(new ByteArrayInputStream(slices.get(0))));
            assertEquals("restoreSlice: workers must be 1, got 2: the slice is of another training", x.getMessage());
            byte[] own = saved(e);
            byte[] cut = Arrays.copyOf(own, own.length - 1);
            assertThrows(EOFException.class, () -> e.restoreSlice(new ByteArrayInputStream(cut)));
            assertThrows(EOFException.class, () -> e.restoreSlice(new ByteArrayInputStream(new byte[3])));
            return null;
        });
    }

    @Test
    void aWorkerAloneUpdatesInPlaceWithoutAThread() throws Exception {
        with(null, rule("sgd"), (e, rank) -> {
            NDArray w = e.weights().get(2);
            long address = w.address();
            step(e, 0, 0, BATCH);
            assertSame(w, e.weights().get(2));
            assertEquals(address, w.address());
            assertTrue(Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(t -> t.getName().startsWith("kiln-exchange") && t.isAlive()));
            assertEquals(0, e.waitedSeconds());
            return null;
        });
    }

    @Test
    void stepsWithoutAnySampleLeaveTheWeights() throws Exception {
        Ranks.run(
                2,
                t -> with(t, rule("adam"), (e, rank) -> {
                    float[][] before = values(e);
                    assertEquals(0, step(e, 0, 0, 0));
                    assertEquals(0, e.updates());
                    assertArrayEquals(before[0], values(e)[0]);
                    return null;
                }));
    }

    @Test
    void averagesAreWeightedBySamples() throws Exception {
        Ranks.run(
                3,
                t -> with(t, rule("sgd"), (e, rank) -> {
                    NDArray mean = NDArray.full(Shape.of(2, 3), rank == 1 ? Double.NaN : rank + 1, DType.FLOAT32);
                    e.average(List.of(mean), rank == 1 ? 0 : rank + 1);
                    assertEquals((1 * 1 + 3 * 3) / 4.0, mean.get(1, 2), 1e-6);
                    return null;
                }));
    }

    @Test
    void anOptimizerThatUpdatesByRowsIsRefused() {
        KVStoreException e = assertThrows(
                KVStoreException.class, () -> with(null, new UpdateRule(new GroupAdaGrad()), (x, rank) -> null));
        assertTrue(e.getMessage().contains("by rows"), e.getMessage());
    }

    @Test
    void wrongOrderOfCallsIsAnErrorWithARemedy() throws Exception {
        with(null, rule("sgd"), (e, rank) -> {
            assertTrue(
                    assertThrows(KVStoreException.class, e::step).getMessage().contains("call beginStep first"));
            assertThrows(KVStoreException.class, () -> e.beginStep(-1));
            assertThrows(KVStoreException.class, () -> e.beginStep(Double.NaN));
            e.beginStep(3);
            assertTrue(assertThrows(KVStoreException.class, () -> e.beginStep(3))
                    .getMessage()
                    .contains("not finished"));
            assertEquals(
                    "step: parameter w1 got no gradient: the loss does not depend on it, or backward was not given gradientReady",
                    assertThrows(KVStoreException.class, e::step).getMessage());
            return null;
        });
    }

    @Test
    void aWorkerThatFailsInsideAStepFailsAllAndLeavesNoThread() throws Exception {
        List<Future<Object>> ranks = Ranks.start(
                3,
                new SparkConf(false),
                TransportOptions.DEFAULT,
                t -> with(t, rule("sgd"), (e, rank) -> {
                    step(e, 0, 8 * rank, 8 * rank + 8);
                    if (rank == 2) {
                        e.beginStep(4);
                        throw new IllegalStateException("bad row 17");
                    }
                    step(e, 1, 8 * rank, 8 * rank + 8);
                    return null;
                }));
        for (int r = 0; r < 2; r++) {
            Future<Object> f = ranks.get(r);
            PeerFailedException p = (PeerFailedException)
                    assertThrows(ExecutionException.class, f::get).getCause();
            assertEquals(2, p.rank());
        }
        assertTrue(Thread.getAllStackTraces().keySet().stream()
                .noneMatch(t -> t.getName().startsWith("kiln-exchange") && t.isAlive()));
    }

    @Test
    void manyStepsHoldNoMoreMemoryThanFew() throws Exception {
        List<long[]> bytes = Ranks.run(
                2,
                t -> with(t, rule("adam"), (e, rank) -> {
                    List<Long> held = new ArrayList<>();
                    for (int i = 0; i < 40; i++) {
                        step(e, i % 5, 8 * rank, 8 * rank + 8);
                        if (i == 9 || i == 39) {
                            // Both ranks share one allocator here: look while neither is inside a step.
                            Collectives c = new Collectives(t, 9);
                            c.barrier();
                            held.add(Backends.current().allocator().liveBytes());
                            c.barrier();
                        }
                    }
                    return new long[] {held.get(0), held.get(1)};
                }));
        assertEquals(bytes.get(0)[0], bytes.get(0)[1]);
    }
}
