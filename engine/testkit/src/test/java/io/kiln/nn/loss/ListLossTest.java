package io.kiln.nn.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import io.kiln.graph.RecordJson;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Dense;
import io.kiln.optim.Adam;
import io.kiln.optim.TrainStep;
import io.kiln.optim.UpdateRule;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Losses of lists, survival times and two towers, against lists.py. */
class ListLossTest {
    private static final JsonNode GOLDEN = Golden.read("nn/loss/lists.json");

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static NDArray array(String name, long... dims) {
        return NDArray.of(Golden.floats(GOLDEN.get(name))).reshape(dims);
    }

    private static void check(String name, Loss loss, NDArray prediction, NDArray label) {
        double[] expected = Golden.doubles(GOLDEN.get(name));
        Golden.assertClose(expected, loss.compute(prediction, label).toDoubleArray(), 1e-5, name);
        assertEquals(loss, RecordJson.read(Loss.class, loss.name(), RecordJson.write(loss)));
    }

    static Stream<Loss> ofLists() {
        return Stream.of(new ListNet(), new RankNet(), new LambdaRank());
    }

    @ParameterizedTest
    @MethodSource("ofLists")
    void lists(Loss loss) {
        NDArray scores = array("scores", 4, 5);
        NDArray relevances = array("relevances", 4, 5);
        check(loss.name(), loss, scores, relevances);
        check(loss.name(), loss, scores.expandDims(-1), relevances);
        assertEquals(Shape.of(5), loss.labelRow(Shape.of(5, 1)));
        assertEquals(Shape.of(5), loss.labelRow(Shape.of(5)));
    }

    @Test
    void anEmptyListCostsNothing() {
        NDArray scores = NDArray.of(Shape.of(1, 3), 1f, 2f, 3f);
        NDArray none = NDArray.of(Shape.of(1, 3), -1f, -1f, -1f);
        ofLists().forEach(l -> assertEquals(0, l.compute(scores, none).toDoubleArray()[0], 1e-9, l.name()));
    }

    @Test
    void whatIsLeftOutIsFiniteInFloat16() {
        NDArray scores = NDArray.of(Shape.of(2, 3), 1f, 2f, 3f, 1f, 2f, 3f).cast(DType.FLOAT16);
        NDArray shortAndEmpty =
                NDArray.of(Shape.of(2, 3), 1f, 0f, -1f, -1f, -1f, -1f).cast(DType.FLOAT16);
        ofLists().forEach(l -> {
            double[] found = l.compute(scores, shortAndEmpty).toDoubleArray();
            assertTrue(found[0] > 0 && found[0] < 10, l.name() + " " + found[0]);
            assertEquals(0, found[1], 1e-3, l.name());
        });
        NDArray alone = NDArray.of(Shape.of(1, 4), 1f, 2f, 3f, 4f).cast(DType.FLOAT16);
        NDArray item = NDArray.of(Shape.of(1), 7f).cast(DType.FLOAT16);
        assertEquals(0, new InBatchSoftmax().compute(alone, item).toDoubleArray()[0], 1e-3);
    }

    @Test
    void survivalTimes() {
        check("cox", new Cox(), array("risks", 6), array("times", 6, 2));
        check("cox", new Cox(), array("risks", 6, 1), array("times", 6, 2));
    }

    @Test
    void twoTowers() {
        check("cosine", new InBatchSoftmax(0.1, true), array("vectors", 5, 6), array("items", 5));
        check("dot", new InBatchSoftmax(0.5, false), array("vectors", 5, 6), array("items", 5, 1));
    }

    /** Compiled steps of batches of two sizes; scores follow the relevances, which depend on the first feature. */
    @ParameterizedTest
    @MethodSource("ofLists")
    void compiledStepsOrderLists(Loss loss) {
        NDArray x = NDArray.of(Shape.of(2, 3, 2), 0.1f, 1f, 0.9f, -1f, 0.5f, 0.3f, 0.7f, 0.2f, 0.3f, 0.9f, 0.2f, -0.4f);
        NDArray y = NDArray.of(Shape.of(2, 3), 0f, 2f, 1f, 2f, 1f, -1f);
        try (Dense net = Dense.onLastAxis(1)) {
            net.initialize(1);
            try (TrainStep step = new TrainStep(net, loss, new UpdateRule(new Adam(), 0.05))) {
                double first = step.run(x, y);
                for (int i = 0; i < 60; i++) {
                    step.run(x.slice(0, i % 2, 2), y.slice(0, i % 2, 2));
                }
                double last = step.run(x, y);
                assertTrue(last < first, loss + " from " + first + " to " + last);
            }
            float[] s = net.call(x).toFloatArray();
            assertTrue(s[1] > s[2] && s[2] > s[0] && s[3] > s[4], loss.name());
        }
    }
}
