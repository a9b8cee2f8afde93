package io.kiln.nn.rnn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.Parameter;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers against cells, lengths against shorter sequences, and what modifiers do. */
class RecurrentTest {
    private static final int T = 5;
    private static final int N = 3;
    private static final int I = 4;
    private static final int[] LENGTHS = {5, 2, 3};

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(7);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** A layer of one direction and a cell with the same parameters. */
    record Pair(String name, Supplier<RecurrentLayer> layer, Supplier<RecurrentCell> cell) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Pair> pairs() {
        return Stream.of(
                new Pair("lstm", () -> new Lstm(6), () -> new LstmCell(6)),
                new Pair(
                        "lstm with projection",
                        () -> Lstm.builder().hidden(6).projection(2).build(),
                        () -> new LstmCell(6, 2)),
                new Pair("gru", () -> new Gru(6), () -> new GruCell(6)),
                new Pair("gru of the paper", RecurrentTest::gruOfThePaper, () -> new GruCell(6, false)),
                new Pair("rnn", () -> new Rnn(6), () -> new RnnCell(6)),
                new Pair(
                        "rnn with relu",
                        () -> Rnn.builder()
                                .hidden(6)
                                .activation(Activation.RELU)
                                .build(),
                        () -> new RnnCell(6, Activation.RELU)));
    }

    private static Gru gruOfThePaper() {
        return Gru.builder().hidden(6).linearBeforeReset(false).build();
    }

    private static NDArray random(long... dims) {
        return RandomOps.normal(Shape.of(dims), 0, 1, DType.FLOAT32);
    }

    private static void randomize(Block block) {
        block.parameters().values().forEach(p -> p.set(RandomOps.normal(p.shape(), 0, 0.4, DType.FLOAT32)));
    }

    private static void same(NDArray expected, NDArray actual) {
        assertEquals(expected.shape(), actual.shape());
        assertArrayEquals(expected.toFloatArray(), actual.toFloatArray(), 2e-6f);
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void layerEqualsUnrolledCellWithLengthsStatesAndGradients(Pair pair) {
        RecurrentLayer layer = pair.layer.get();
        RecurrentCell cell = pair.cell.get();
        NDArray x = Autograd.attachGradient(random(T, N, I));
        layer.forward(x);
        cell.unroll(x, SequenceLayout.TNC);
        randomize(layer);
        cell.parameters()
                .forEach((n, p) -> p.set(layer.parameters().get("l0_" + n).value()));
        NDArray lengths = NDArray.of(Shape.of(N), LENGTHS);
        NDArray[] cellBegin = cell.beginState(x.slice(0, 0, 1).squeeze(0));
        NDArray[] begin = new NDArray[cellBegin.length];
        for (int i = 0; i < begin.length; i++) {
            cellBegin[i] = random(cellBegin[i].shape().dims());
            begin[i] = cellBegin[i].expandDims(0);
        }
        Unrolled a;
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            a = layer.run(x, begin, lengths);
            loss = loss(a);
        }
        Autograd.backward(loss);
        NDArray dx = Autograd.gradient(x).copy();
        Unrolled b;
        try (Autograd.Mode record = Autograd.record()) {
            b = cell.unroll(x, SequenceLayout.TNC, cellBegin, lengths);
            loss = loss(b);
        }
        Autograd.backward(loss);
        same(b.outputs(), a.outputs());
        for (int i = 0; i < begin.length; i++) {
            same(b.states()[i], a.states()[i].squeeze(0));
        }
        assertArrayEquals(dx.toFloatArray(), Autograd.gradient(x).toFloatArray(), 1e-5f);
        cell.parameters()
                .forEach((n, p) -> assertArrayEquals(
                        p.gradient().toFloatArray(),
                        layer.parameters().get("l0_" + n).gradient().toFloatArray(),
                        2e-5f,
                        n));
    }

    private static NDArray loss(Unrolled all) {
        NDArray sum = all.outputs().square().sum();
        for (NDArray s : all.states()) {
            sum = sum.add(s.sum());
        }
        return sum;
    }

    @Test
    void gradientsFlowFromLastCellsAlone() {
        Lstm layer = new Lstm(6);
        LstmCell cell = new LstmCell(6);
        NDArray x = Autograd.attachGradient(random(T, N, I));
        layer.forward(x);
        cell.unroll(x, SequenceLayout.TNC);
        cell.parameters()
                .forEach((n, p) -> p.set(layer.parameters().get("l0_" + n).value()));
        NDArray loss;
        try (Autograd.Mode record = Autograd.record()) {
            loss = layer.run(x, null, null).states()[1].sum();
        }
        Autograd.backward(loss);
        NDArray dx = Autograd.gradient(x).copy();
        try (Autograd.Mode record = Autograd.record()) {
            loss = cell.unroll(x, SequenceLayout.TNC).states()[1].sum();
        }
        Autograd.backward(loss);
        assertTrue(dx.abs().max().item() > 1e-3);
        same(Autograd.gradient(x), dx);
    }

    @Test
    void rowsOfShorterLengthAreAsIfTheyStoodAlone() {
        for (RecurrentLayer layer : List.of(
                Lstm.builder().hidden(6).layers(2).bidirectional(true).build(),
                Gru.builder().hidden(6).layers(2).bidirectional(true).build(),
                Rnn.builder().hidden(6).layers(2).bidirectional(true).build())) {
            NDArray x = random(T, N, I);
            layer.forward(x);
            randomize(layer);
            Unrolled all = layer.run(x, null, NDArray.of(Shape.of(N), LENGTHS));
            for (int n = 0; n < N; n++) {
                Unrolled alone = layer.run(x.slice(1, n, n + 1).slice(0, 0, LENGTHS[n]), null, null);
                same(alone.outputs(), all.outputs().slice(1, n, n + 1).slice(0, 0, LENGTHS[n]));
                for (float v :
                        all.outputs().slice(1, n, n + 1).slice(0, LENGTHS[n], T).toFloatArray()) {
                    assertEquals(0, v);
                }
                for (int k = 0; k < alone.states().length; k++) {
                    same(alone.states()[k], all.states()[k].slice(1, n, n + 1));
                }
            }
        }
    }

    @Test
    void stackedBidirectionalLayerEqualsStackOfBidirectionalCells() {
        Lstm layer = Lstm.builder()
                .hidden(6)
                .layers(2)
                .bidirectional(true)
                .layout(SequenceLayout.NTC)
                .build();
        SequentialCell cells = new SequentialCell(
                new BidirectionalCell(new LstmCell(6), new LstmCell(6)),
                new BidirectionalCell(new LstmCell(6), new LstmCell(6)));
        NDArray x = random(N, T, I);
        layer.forward(x);
        cells.unroll(x, SequenceLayout.NTC);
        randomize(layer);
        cells.parameters().forEach((n, p) -> {
            String[] part = n.split("\\.");
            String name = (part[1].equals("left") ? "l" : "r") + part[0] + "_" + part[2];
            p.set(layer.parameters().get(name).value());
        });
        NDArray lengths = NDArray.of(Shape.of(N), LENGTHS);
        Unrolled a = layer.run(x, null, lengths);
        Unrolled b = cells.unroll(x, SequenceLayout.NTC, null, lengths);
        same(b.outputs(), a.outputs());
        for (int d = 0; d < 4; d++) {
            same(b.states()[2 * d], a.states()[0].slice(0, d, d + 1).squeeze(0));
            same(b.states()[2 * d + 1], a.states()[1].slice(0, d, d + 1).squeeze(0));
        }
    }

    @Test
    void lengthsAreAnInputOfTracedLayersToo() {
        Gru layer = Gru.builder()
                .hidden(6)
                .layout(SequenceLayout.NTC)
                .useLengths(true)
                .build();
        GraphBlock graph = layer.toGraphBlock(
                new Spec(Shape.of(Shape.UNKNOWN, T, I), DType.FLOAT32), new Spec(Shape.of(Shape.UNKNOWN), DType.INT32));
        NDArray x = random(N, T, I);
        NDArray lengths = NDArray.of(Shape.of(N), LENGTHS);
        same(layer.forwardAll(x, lengths)[0], graph.forwardAll(x, lengths)[0]);
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> layer.forward(x));
        assertTrue(e.getMessage().contains("useLengths"), e.getMessage());
    }

    @Test
    void statesCarryASequenceOnFromWhereItsFirstHalfEnded() {
        Lstm layer = Lstm.builder().hidden(6).layers(2).build();
        NDArray x = random(T, N, I);
        NDArray whole = layer.forward(x);
        Unrolled first = layer.run(x.slice(0, 0, 2), layer.beginState(x), null);
        Unrolled second = layer.run(x.slice(0, 2, T), first.states(), null);
        same(whole.slice(0, 0, 2), first.outputs());
        same(whole.slice(0, 2, T), second.outputs());
    }

    @Test
    void zoneoutKeepsElementsOfTheStepBeforeInTrainModeOnly() {
        RecurrentCell cell = new ZoneoutCell(new RnnCell(400), 0, 0.5);
        NDArray x = random(N, I);
        NDArray state = NDArray.full(Shape.of(N, 400), 7, DType.FLOAT32);
        NDArray[] plain = cell.forwardAll(x, state);
        same(plain[0], plain[1]);
        NDArray[] trained;
        try (Autograd.Mode train = Autograd.trainMode()) {
            trained = cell.forwardAll(x, state);
        }
        int kept = 0;
        float[] now = trained[1].toFloatArray();
        float[] next = plain[1].toFloatArray();
        for (int i = 0; i < now.length; i++) {
            assertTrue(now[i] == 7 || now[i] == next[i]);
            kept += now[i] == 7 ? 1 : 0;
        }
        assertEquals(600, kept, 90);
    }

    @Test
    void variationalDropoutDropsTheSameElementsInEachStep() {
        RecurrentCell cell = new VariationalDropoutCell(new RnnCell(50), 0, 0, 0.5);
        NDArray y;
        try (Autograd.Mode train = Autograd.trainMode()) {
            y = cell.unroll(random(T, N, I), SequenceLayout.TNC).outputs();
        }
        float[] v = y.toFloatArray();
        int dropped = 0;
        for (int i = 0; i < N * 50; i++) {
            for (int t = 1; t < T; t++) {
                assertEquals(v[i] == 0, v[t * N * 50 + i] == 0);
            }
            dropped += v[i] == 0 ? 1 : 0;
        }
        assertEquals(75, dropped, 30);
    }

    @Test
    void mistakesSayWhatIsWrong() {
        NDArray x = random(N, I);
        assertThrows(IllegalArgumentException.class, () -> new LstmCell(4, 5));
        assertThrows(IllegalArgumentException.class, () -> new Lstm(0));
        assertThrows(IllegalArgumentException.class, () -> Lstm.builder().dropout(1));
        assertThrows(
                IllegalArgumentException.class,
                () -> Gru.builder().hidden(2).layers(0).build());
        assertThrows(IllegalArgumentException.class, () -> new LstmCell(4).callAll(x, x));
        assertThrows(ShapeException.class, () -> new LstmCell(5).callAll(x, x, x));
        assertThrows(ShapeException.class, () -> new GruCell(4).unroll(x, SequenceLayout.TNC));
        assertThrows(UnsupportedOperationException.class, () -> new BidirectionalCell(new RnnCell(2), new RnnCell(2))
                .forward(x));
        assertThrows(IllegalArgumentException.class, () -> ConvCell.Settings.same(2, 4, 2));
        Lstm layer = new Lstm(4);
        layer.forward(random(T, N, I));
        ShapeException e = assertThrows(ShapeException.class, () -> layer.forward(random(T, N, I + 1)));
        assertTrue(e.getMessage().contains("i2h_weight"), e.getMessage());
        for (Parameter p : layer.parameters().values()) {
            assertTrue(p.name().startsWith("l0_"), p.name());
        }
    }
}
