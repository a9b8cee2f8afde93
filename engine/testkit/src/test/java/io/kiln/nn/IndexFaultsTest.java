package io.kiln.nn;

import static io.kiln.ValueFaults.raised;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.backend.Backends;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.IndexRangeException;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.Nll;
import io.kiln.nn.loss.SmoothedCrossEntropy;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.loss.SoftmaxFocal;
import io.kiln.observe.Observation;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.index.SegmentMax;
import io.kiln.op.index.SegmentMean;
import io.kiln.op.index.SegmentMin;
import io.kiln.op.index.SegmentSum;
import io.kiln.op.internal.RowStarts;
import io.kiln.op.sparse.CsrDot;
import io.kiln.op.sparse.CsrSampledDot;
import io.kiln.op.sparse.CsrToDense;
import io.kiln.op.sparse.CsrValues;
import io.kiln.op.sparse.EmbeddingBagOp;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.UpdateRule;
import io.kiln.view.NonFiniteDetector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/**
 * An index out of range is told with its layer, its place and its value, however the network runs and however late the
 * device finds it.
 */
class IndexFaultsTest {
    private static final String GATHER = "gather (axis 0): indices must be from 0 to 99, got 120 at [3,0]";
    private static final String FAULT = "layer 0.0: " + GATHER;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static NDArray ids(long fourth) {
        return NDArray.of(Shape.of(4, 1), 0L, 5L, 99L, fourth);
    }

    private static Block network() {
        Block network = new Sequential(new Sequential(new Embedding(100, 4)), new Dense(3));
        network.call(ids(7));
        return network;
    }

    private static String fault(Executable call) {
        return raised(IndexRangeException.class, call).getMessage();
    }

    @Test
    void operatorByOperator() {
        try (Block network = network();
                Observation observation = Observation.open(new NonFiniteDetector())) { // which waits within the layer
            assertEquals(FAULT, fault(() -> network.call(ids(120))));
        }
        try (Block network = network()) {
            assertEquals(FAULT, fault(() -> network.call(ids(120))));
        }
    }

    @Test
    void hybridized() {
        try (Block network = network()) {
            network.hybridize();
            network.call(ids(7));
            assertEquals(FAULT, fault(() -> network.call(ids(120))));
        }
    }

    @Test
    void aHybridizedPartNamesTheWholePath() {
        Sequential part = new Sequential(new Embedding(100, 4));
        try (Block network = new Sequential(part, new Dense(3))) {
            network.call(ids(7));
            part.hybridize();
            network.call(ids(7));
            assertEquals(FAULT, fault(() -> network.call(ids(120))));
        }
    }

    @Test
    void asAGraph() {
        try (Block network = network()) {
            Graph graph = network.trace(new Spec(Shape.of(Shape.UNKNOWN, 1), DType.INT64));
            assertEquals(FAULT, fault(() -> graph.run(network.values(), ids(120))));
        }
    }

    @Test
    void asACompiledTrainingStep() {
        try (Block network = network();
                TrainStep step =
                        new TrainStep(network, new SoftmaxCrossEntropy(), new UpdateRule(new Sgd(0.9), 0.05))) {
            NDArray labels = NDArray.of(0f, 1f, 2f, 1f);
            step.run(ids(7), labels);
            assertEquals(FAULT, fault(() -> step.run(ids(120), labels)));
            NDArray wrong = NDArray.of(0f, 1f, 3f, 1f);
            assertEquals(
                    "softmaxCrossEntropy: labels must be from 0 to 2, got 3 at [2]",
                    fault(() -> step.run(ids(7), wrong)));
        }
    }

    @Test
    void aLabelThatIsNotAClass() {
        String[] bad = {"NaN", "1.5", "Infinity"};
        String[] got = {"NaN, not a whole number,", "1.5, not a whole number,", "Infinity, not a whole number,"};
        for (int i = 0; i < bad.length; i++) {
            float value = Float.parseFloat(bad[i]);
            for (Loss loss : new Loss[] {
                new SoftmaxCrossEntropy(),
                new SmoothedCrossEntropy(),
                new SoftmaxFocal(),
                new SoftmaxCrossEntropy().withClassWeights(1, 2, 3).withIgnoredLabel(-1)
            }) {
                assertLabelRefused("softmaxCrossEntropy", got[i], loss, value);
            }
            assertLabelRefused("nll", got[i], new Nll(), value);
        }
        assertLabelRefused("nll", "-1", new Nll(), -1);
        assertLabelRefused("softmaxCrossEntropy", "3", new SoftmaxCrossEntropy(), 3);
    }

    private static String refused(Operator operator, NDArray... inputs) {
        String eager = fault(() -> Dispatch.one(operator, inputs).toFloatArray());
        Block block = new Block() {
            @Override
            public NDArray forward(NDArray x) {
                return forwardAll(x)[0];
            }

            @Override
            public NDArray[] forwardAll(NDArray... x) {
                return Dispatch.run(operator, x);
            }
        };
        try (block) {
            block.hybridize();
            assertEquals(eager, fault(() -> block.callAll(inputs)[0].toFloatArray()));
        }
        return eager;
    }

    @Test
    void anOperatorThatIsComposedOfOthersNamesItself() {
        NDArray rows = NDArray.ones(Shape.of(3, 2), DType.FLOAT32);
        NDArray values = NDArray.ones(Shape.of(3), DType.FLOAT32);
        NDArray indptr = NDArray.of(Shape.of(3), 0L, 1L, 3L);
        for (long wrong : new long[] {-1, 3, (1L << 32) + 1}) {
            NDArray indices = NDArray.of(Shape.of(3), 0L, wrong, 2L);
            String got = " must be from 0 to 2, got " + wrong + " at [1]";
            assertEquals("segmentSum: segments" + got, refused(new SegmentSum(3), rows, indices));
            assertEquals("segmentMean: segments" + got, refused(new SegmentMean(3), rows, indices));
            assertEquals("segmentMax: segments" + got, refused(new SegmentMax(3), rows, indices));
            assertEquals("segmentMin: segments" + got, refused(new SegmentMin(3), rows, indices));
            assertEquals("embeddingBag: indices" + got, refused(new EmbeddingBagOp(), rows, indices, values, indptr));
            assertEquals("csrDot: columns" + got, refused(new CsrDot(2, 3, false), indptr, indices, values, rows));
            NDArray two = NDArray.ones(Shape.of(2, 2), DType.FLOAT32);
            assertEquals("csrDot: columns" + got, refused(new CsrDot(2, 3, true), indptr, indices, values, two));
            assertEquals("csrSampledDot: columns" + got, refused(new CsrSampledDot(2, 3), indptr, indices, two, rows));
            assertEquals("csrToDense: columns" + got, refused(new CsrToDense(2, 3), indptr, indices, values));
            NDArray dense = NDArray.ones(Shape.of(2, 3), DType.FLOAT32);
            assertEquals("csrValues: columns" + got, refused(new CsrValues(2, 3), indptr, indices, dense));
        }
    }

    @Test
    void rowStartsThatDoNotAscendAreRefusedWhoeverComputedThem() {
        NDArray values = NDArray.ones(Shape.of(2), DType.FLOAT32);
        NDArray indices = NDArray.of(Shape.of(2), 0L, 1L);
        long[][] wrong = {{1, 2}, {0, 1}, {0, 3, 2}, {0, 2, 1, 2}};
        String[] got = {"1 at [0]", "1 at [1]", "3 at [1]", "1 at [2]"};
        for (int i = 0; i < wrong.length; i++) {
            NDArray indptr = NDArray.of(Shape.of(wrong[i].length), wrong[i]);
            for (NDArray starts : new NDArray[] {indptr, indptr.add(0)}) {
                CsrToDense dense = new CsrToDense(wrong[i].length - 1, 2);
                String message = raised(
                                IllegalArgumentException.class, () -> Dispatch.one(dense, starts, indices, values)
                                        .toFloatArray())
                        .getMessage();
                assertEquals(
                        "csrToDense: indptr must ascend from 0 to the number of values, 2, got " + got[i], message);
            }
        }
    }

    /** Differences of int32 would wrap around: 2 - (-2) and -2 - (2³¹ - 1) are both positive. */
    @Test
    void rowStartsWhoseDifferencesWouldOverflowAreRefused() {
        NDArray indices = NDArray.of(Shape.of(2), 0L, 1L);
        NDArray indptr = NDArray.of(Shape.of(4), 0L, Integer.MAX_VALUE, -2L, 2L).cast(DType.INT32);
        for (NDArray starts : new NDArray[] {indptr, indptr.add(0)}) {
            String message = raised(IllegalArgumentException.class, () -> Dispatch.one(
                                    new RowStarts("csrToDense"), starts, indices)
                            .toLongArray())
                    .getMessage();
            assertEquals(
                    "csrToDense: indptr must ascend from 0 to the number of values, 2, got 2147483647 at [1]", message);
        }
    }

    private static void assertLabelRefused(String operation, String got, Loss loss, float label) {
        String message = operation + ": labels must be from 0 to 2, got " + got + " at [2]";
        for (DType dtype : new DType[] {DType.FLOAT32, DType.FLOAT64}) {
            if (dtype == DType.FLOAT64 && !Backends.current().traits().hostAddressable()) {
                continue; // devices may lack doubles
            }
            NDArray x = NDArray.of(Shape.of(4, 3), 1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f, 9f, 1f, 1f, 1f)
                    .cast(dtype);
            NDArray y = NDArray.of(0f, 1f, label, 1f);
            assertEquals(message, fault(() -> loss.mean(x, y).item()), loss + " " + dtype);
        }
        try (Block network = network();
                TrainStep step = new TrainStep(network, loss, new UpdateRule(new Sgd(0.9), 0.05))) {
            step.run(ids(7), NDArray.of(0f, 1f, 2f, 1f));
            String compiled = fault(() -> step.run(ids(7), NDArray.of(0f, 1f, label, 1f)));
            assertEquals(message, compiled, loss.toString());
        }
    }
}
