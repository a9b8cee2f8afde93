package io.kiln.kvstore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.format.ByteChunks;
import io.kiln.kvstore.collective.Collectives;
import io.kiln.kvstore.collective.Slices;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;
import io.kiln.optim.AdaGrad;
import io.kiln.optim.Adam;
import io.kiln.optim.AdamW;
import io.kiln.optim.ConstantRate;
import io.kiln.optim.LossScaler;
import io.kiln.optim.Sgd;
import io.kiln.optim.UpdateRule;
import io.kiln.optim.Updates;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("core")
@Timeout(180)
class RowExchangeTest {
    private static final int ROWS = 101;
    private static final int WIDTH = 5;
    private static final int STEPS = 6;
    private static final UpdateRule MOMENTUM = new UpdateRule(
            new Sgd(0.9), new ConstantRate(0.1), 0.01, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);

    private static float[] random(Random r, int n) {
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) r.nextGaussian();
        }
        return x;
    }

    private static List<TrainedParameter> parameters() {
        Random r = new Random(1);
        return List.of(
                new TrainedParameter(
                        "table",
                        NDArray.of(Shape.of(ROWS, WIDTH), random(r, ROWS * WIDTH)),
                        Role.WEIGHT,
                        true,
                        false,
                        1),
                new TrainedParameter("bias", NDArray.of(random(r, WIDTH)), Role.BIAS));
    }

    /** The rows that a rank touches in a step: unsorted, some of them twice, a different number in each step. */
    private static long[] numbers(int rank, int step) {
        Random r = new Random(31L * step + rank);
        return r.longs(3 + (step * 7 + rank) % 9, 0, ROWS / 5).map(i -> 5 * i).toArray();
    }

    private static float[] gradient(int rank, int step, int rows) {
        return random(new Random(1000L * step + rank), rows * WIDTH);
    }

    private static void step(GradientExchange e, int rank, int step, boolean empty) {
        try (Scope scope = Scope.open()) {
            e.beginStep(empty ? 0 : 2);
            if (!empty) {
                long[] numbers = numbers(rank, step);
                e.rowsReady(
                        "table",
                        NDArray.of(Shape.of(numbers.length), numbers),
                        NDArray.of(Shape.of(numbers.length, WIDTH), gradient(rank, step, numbers.length)));
                e.gradientReady(e.weights().get(1), NDArray.of(gradient(rank, step + 77, 1)));
            }
            e.step();
        }
    }

    private static float[] trained(Transport t, UpdateRule rule, boolean leaveOut) {
        int rank = t.rank();
        try (Scope scope = Scope.open();
                GradientExchange e = new GradientExchange(t, parameters(), rule)) {
            for (int s = 0; s < STEPS; s++) {
                step(e, rank, s, leaveOut && s % t.size() == rank);
            }
            return e.weights().get(0).toFloatArray();
        }
    }

    /** The lazy update of one worker with the sum of all gradients. */
    private static float[] expected(UpdateRule rule, int size) {
        try (Scope scope = Scope.open()) {
            NDArray w = parameters().get(0).value().copy();
            NDArray[] states = new NDArray[rule.optimizer().stateCount()];
            for (int i = 0; i < states.length; i++) {
                states[i] = NDArray.zeros(w.shape(), w.dtype());
            }
            for (int s = 0; s < STEPS; s++) {
                List<Long> numbers = new ArrayList<>();
                List<Float> rows = new ArrayList<>();
                for (int r = 0; r < size; r++) {
                    for (long n : numbers(r, s)) {
                        numbers.add(n);
                    }
                    for (float g : gradient(r, s, numbers(r, s).length)) {
                        rows.add(2 * g);
                    }
                }
                float[] all = new float[rows.size()];
                for (int i = 0; i < all.length; i++) {
                    all[i] = rows.get(i);
                }
                RowSparse g = RowSparse.of(
                        w.shape(),
                        NDArray.of(
                                Shape.of(numbers.size()),
                                numbers.stream().mapToLong(i -> i).toArray()),
                        NDArray.of(Shape.of(numbers.size(), WIDTH), all));
                Updates.runLazily(rule.optimizer(), rule.step(s + 1, Role.WEIGHT, 0.5 / size), w, g, states);
            }
            return w.toFloatArray();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void theLazyUpdateOfOneWorkerWithAllRows(int size) throws Exception {
        for (UpdateRule rule : List.of(
                MOMENTUM,
                new UpdateRule(new Adam(), new ConstantRate(0.1)),
                new UpdateRule(new AdaGrad(), new ConstantRate(0.1)))) {
            float[] expected = expected(rule, size);
            for (float[] got : Ranks.run(size, t -> trained(t, rule, false))) {
                assertArrayEquals(expected, got, 1e-5f, rule.optimizer().name());
            }
        }
    }

    @Test
    void equalBitsOnAllRanksAndInEveryRun() throws Exception {
        List<float[]> first = Ranks.run(3, t -> trained(t, MOMENTUM, true));
        List<float[]> second = Ranks.run(3, t -> trained(t, MOMENTUM, true));
        for (int r = 0; r < 3; r++) {
            assertArrayEquals(first.get(0), first.get(r));
            assertArrayEquals(first.get(0), second.get(r));
        }
    }

    @Test
    void rowsThatNoWorkerTouchesKeepTheirBits() throws Exception {
        float[] before = parameters().get(0).value().toFloatArray();
        float[] after = Ranks.run(2, t -> trained(t, MOMENTUM, false)).get(1);
        for (int i = 0; i < ROWS; i++) {
            for (int k = 0; k < WIDTH && i % 5 != 0; k++) {
                assertEquals(before[i * WIDTH + k], after[i * WIDTH + k]);
            }
        }
    }

    @Test
    void theNormOfAllGradientsIsClipped() throws Exception {
        UpdateRule clipped = new UpdateRule(new Sgd(), new ConstantRate(1), 0, Double.POSITIVE_INFINITY, 1e-3);
        float[] before = parameters().get(0).value().toFloatArray();
        float[] after = Ranks.run(2, t -> {
                    try (Scope scope = Scope.open();
                            GradientExchange e = new GradientExchange(t, parameters(), clipped)) {
                        step(e, t.rank(), 0, false);
                        assertTrue(e.hasClipped());
                        return e.weights().get(0).toFloatArray();
                    }
                })
                .get(0);
        double squares = 0;
        for (int i = 0; i < after.length; i++) {
            squares += Math.pow(after[i] - before[i], 2);
        }
        assertTrue(squares > 0 && Math.sqrt(squares) <= 1.001e-3, "moved by " + Math.sqrt(squares));
    }

    @Test
    void aRestoredWorkerContinuesWithTheSameBits() throws Exception {
        UpdateRule adam = new UpdateRule(new Adam(), new ConstantRate(0.1));
        List<float[]> whole = Ranks.run(2, t -> trained(t, adam, false));
        List<byte[]> slices = Ranks.run(2, t -> {
            try (Scope scope = Scope.open();
                    GradientExchange e = new GradientExchange(t, parameters(), adam)) {
                for (int s = 0; s < 3; s++) {
                    step(e, t.rank(), s, false);
                }
                ByteChunks saved = ByteChunks.write(e::saveSlice);
                assertEquals(e.sliceBytes(), saved.length());
                return saved.toByteArray();
            }
        });
        List<float[]> restored = Ranks.run(2, t -> {
            try (Scope scope = Scope.open();
                    GradientExchange e = new GradientExchange(t, parameters(), adam)) {
                e.restoreSlice(new ByteArrayInputStream(slices.get(t.rank())));
                for (int s = 3; s < STEPS; s++) {
                    step(e, t.rank(), s, false);
                }
                return e.weights().get(0).toFloatArray();
            }
        });
        assertArrayEquals(whole.get(0), restored.get(0));
        assertArrayEquals(whole.get(0), restored.get(1));
    }

    private static void touch(GradientExchange e, int rank, long... numbers) {
        try (Scope scope = Scope.open()) {
            e.beginStep(1);
            e.rowsReady(
                    "table",
                    NDArray.of(Shape.of(numbers.length), numbers),
                    NDArray.of(Shape.of(numbers.length, 2), random(new Random(rank), numbers.length * 2)));
            e.step();
        }
    }

    /** Each rank owns 20,000 rows, which are saved and sent in two parts. */
    @Test
    void aTableOfSeveralPartsIsRestored() throws Exception {
        int rows = 40_000;
        assertTrue(rows / 2 > RowTable.PART);
        Work saved = (t, e) -> {
            touch(e, t.rank(), 0, 1, 2 * RowTable.PART - 1, 2 * RowTable.PART, 2 * RowTable.PART + 1, rows - 1);
            ByteChunks slice = ByteChunks.write(e::saveSlice);
            assertEquals(e.sliceBytes(), slice.length());
            touch(e, t.rank(), 1, 2 * RowTable.PART, rows - 2, rows - 1);
            return slice;
        };
        List<Restored> first = Ranks.run(2, t -> table(t, rows, 1, saved));
        List<Restored> second = Ranks.run(
                2,
                t -> table(t, rows, 2, (same, e) -> {
                    e.restoreSlice(
                            new ByteArrayInputStream(first.get(t.rank()).slice.toByteArray()));
                    touch(e, t.rank(), 1, 2 * RowTable.PART, rows - 2, rows - 1);
                    return null;
                }));
        assertArrayEquals(first.get(0).weights, first.get(1).weights);
        assertArrayEquals(first.get(0).weights, second.get(0).weights);
        assertArrayEquals(first.get(0).weights, second.get(1).weights);
    }

    private interface Work {
        ByteChunks run(Transport t, GradientExchange e) throws IOException;
    }

    private record Restored(ByteChunks slice, float[] weights) {}

    private static Restored table(Transport t, int rows, int seed, Work work) throws IOException {
        float[] initial = random(new Random(seed), rows * 2);
        try (Scope scope = Scope.open();
                GradientExchange e = new GradientExchange(
                        t,
                        List.of(new TrainedParameter(
                                "table", NDArray.of(Shape.of(rows, 2), initial), Role.WEIGHT, true, true, 1)),
                        MOMENTUM)) {
            ByteChunks slice = work.run(t, e);
            return new Restored(slice, e.weights().get(0).toFloatArray());
        }
    }

    @Test
    void valuesOfTheSumAreClipped() throws Exception {
        UpdateRule clipped = new UpdateRule(new Sgd(), new ConstantRate(1), 0, 1e-2, Double.POSITIVE_INFINITY);
        float[] expected = expected(clipped, 2);
        float[] before = parameters().get(0).value().toFloatArray();
        for (float[] after : Ranks.run(2, t -> trained(t, clipped, false))) {
            assertArrayEquals(expected, after, 1e-6f);
            float most = 0;
            for (int i = 0; i < after.length; i++) {
                most = Math.max(most, Math.abs(after[i] - before[i]));
            }
            assertTrue(most > 0.009f && most <= STEPS * 0.01f + 1e-5f, "moved by " + most);
        }
    }

    @Test
    void scaledLossesTrainTheSameAndAnOverflowSkipsTheStepOnAllRanks() throws Exception {
        double scale = 1024;
        List<float[]> plain = Ranks.run(2, t -> scaled(t, null, false));
        LossScaler.Settings settings = new LossScaler.Settings(scale, 2, 1000, scale, 1, 10);
        for (float[] w : Ranks.run(2, t -> scaled(t, new LossScaler(settings), false))) {
            assertArrayEquals(plain.get(0), w, 1e-6f);
        }
        for (float[] w : Ranks.run(2, t -> scaled(t, new LossScaler(settings), true))) {
            assertArrayEquals(plain.get(0), w, 1e-6f);
        }
    }

    /** Two steps; between them one in which a row of rank 1 overflows. */
    private static float[] scaled(Transport t, LossScaler scaler, boolean overflow) {
        try (Scope scope = Scope.open();
                GradientExchange e = new GradientExchange(t, parameters(), MOMENTUM, scaler, null)) {
            for (int s = 0; s < (overflow ? 3 : 2); s++) {
                boolean broken = overflow && s == 1;
                long row = broken ? 7 : 3;
                float[] g = gradient(t.rank(), 0, 1);
                e.beginStep(1);
                NDArray rows = NDArray.of(Shape.of(1, WIDTH), g).mul(e.lossScale());
                e.rowsReady(
                        "table",
                        NDArray.of(Shape.of(1), row),
                        broken && t.rank() == 1 ? rows.mul(Float.POSITIVE_INFINITY) : rows);
                e.gradientReady(e.weights().get(1), NDArray.of(g).mul(e.lossScale()));
                e.step();
                assertEquals(broken, e.hasOverflowed());
            }
            return e.weights().get(0).toFloatArray();
        }
    }

    @Test
    void aPeerThatAnnouncesMoreRowsThanThereAreIsRefused() throws Exception {
        long[] announced = {1L << 40, -1};
        for (long n : announced) {
            String said = Ranks.run(2, t -> {
                        try (Scope scope = Scope.open()) {
                            return t.rank() == 1 ? announce(t, n) : refusal(t);
                        }
                    })
                    .get(0);
            assertEquals("rows of table: rank 1 announces " + n + ", at most 51 are possible", said);
        }
    }

    private static String announce(Transport t, long rows) {
        try (HostView cells = HostView.allocate(4 * Long.BYTES);
                Collectives collectives = new Collectives(t, 5)) {
            cells.put(0, new long[] {0, 0, rows, 0}, 0, 4);
            collectives.allGather(DType.INT64, cells, Slices.of(new long[] {0, 2, 4}), 4);
        }
        return null;
    }

    private static String refusal(Transport t) {
        try (RowTable table = new RowTable(parameters().get(0), 0, 2, 0);
                RowExchange rows = new RowExchange(t, List.of(table))) {
            return assertThrows(KVStoreException.class, () -> rows.reduce(1)).getMessage();
        }
    }

    @Test
    void rowsOfAnotherOwnerAreNotUpdated() {
        try (Scope scope = Scope.open();
                RowTable table = new RowTable(parameters().get(0), 1, 2, 1)) {
            table.sum(RowSparse.of(
                            Shape.of(ROWS, WIDTH),
                            NDArray.of(Shape.of(2), 3L, 4L),
                            NDArray.ones(Shape.of(2, WIDTH), DType.FLOAT32))
                    .detach());
            KVStoreException wrong = assertThrows(KVStoreException.class, () -> table.update(MOMENTUM, 1, 1));
            assertEquals("rows of table: rank 1 got the gradient of row 4, which rank 0 owns", wrong.getMessage());
        }
    }

    @Test
    void rowsOutsideAStepAreRefused() {
        try (Scope scope = Scope.open();
                GradientExchange e = new GradientExchange(null, parameters(), MOMENTUM)) {
            KVStoreException wrong = assertThrows(
                    KVStoreException.class,
                    () -> e.rowsReady(
                            "table", NDArray.of(Shape.of(1), 0L), NDArray.zeros(Shape.of(1, WIDTH), DType.FLOAT32)));
            assertEquals("rowsReady: parameter table: no step has begun; call beginStep first", wrong.getMessage());
        }
    }

    @Test
    void anOptimizerThatIsNotLazyGetsDenseGradients() {
        try (Scope scope = Scope.open();
                GradientExchange e =
                        new GradientExchange(null, parameters(), new UpdateRule(new AdamW(), new ConstantRate(0.1)))) {
            assertFalse(e.isByRows("table"));
            e.beginStep(1);
            KVStoreException wrong = assertThrows(
                    KVStoreException.class,
                    () -> e.rowsReady(
                            "table", NDArray.of(Shape.of(1), 0L), NDArray.zeros(Shape.of(1, WIDTH), DType.FLOAT32)));
            assertEquals(
                    "rowsReady: the gradients of parameter table are dense; report them with gradientReady",
                    wrong.getMessage());
        }
    }

    @Test
    void aTableNeedsItsGradientInEachStep() {
        try (Scope scope = Scope.open();
                GradientExchange e = new GradientExchange(null, parameters(), MOMENTUM)) {
            e.beginStep(1);
            e.gradientReady(e.weights().get(1), NDArray.zeros(Shape.of(WIDTH), DType.FLOAT32));
            KVStoreException wrong = assertThrows(KVStoreException.class, e::step);
            assertTrue(wrong.getMessage().startsWith("step: parameter table got no gradient"), wrong.getMessage());
        }
    }
}
