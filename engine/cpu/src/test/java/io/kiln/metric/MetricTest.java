package io.kiln.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MetricTest {
    private static final int SAMPLES = 60;
    private static final int CLASSES = 4;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** A metric, where its golden value stands, and on which of the data. */
    record Row(String golden, Supplier<Metric> metric, String labels, String predictions, int columns) {
        @Override
        public String toString() {
            return golden;
        }
    }

    static Stream<Row> rows() {
        return Stream.of(
                new Row("accuracy", Accuracy::new, "labels", "logits", CLASSES),
                new Row("top2", () -> new TopK(2), "labels", "logits", CLASSES),
                new Row("f1Binary", F1::new, "binary", "scores", 1),
                new Row("f1Macro", () -> new F1(F1.Average.MACRO, CLASSES, 0), "labels", "logits", CLASSES),
                new Row("f1Micro", () -> new F1(F1.Average.MICRO, CLASSES, 0), "labels", "logits", CLASSES),
                new Row("mcc", () -> new Mcc(CLASSES, 0), "labels", "logits", CLASSES),
                new Row("mccBinary", Mcc::new, "binary", "scores", 1),
                new Row("mae", RegressionError::mae, "y", "guess", 1),
                new Row("mse", RegressionError::mse, "y", "guess", 1),
                new Row("rmse", RegressionError::rmse, "y", "guess", 1),
                new Row("crossEntropy", () -> CrossEntropy.mean(true), "labels", "logits", CLASSES),
                new Row("crossEntropy", () -> CrossEntropy.mean(false), "labels", "probabilities", CLASSES),
                new Row("perplexity", () -> CrossEntropy.perplexity(false), "labels", "probabilities", CLASSES),
                new Row("auc", Auc::new, "binary", "scores", 1),
                new Row("pearson", Pearson::new, "y", "guess", 1));
    }

    private static void feed(Metric metric, Row row, int from, int to) {
        JsonNode golden = Golden.read("metric/metrics.json");
        NDArray labels = NDArray.of(Golden.floats(golden.get(row.labels)));
        NDArray predictions = NDArray.of(Golden.floats(golden.get(row.predictions)));
        NDArray table = row.columns == 1 ? predictions : predictions.reshape(SAMPLES, row.columns);
        metric.update(labels.slice(0, from, to), table.slice(0, from, to));
    }

    @ParameterizedTest
    @MethodSource("rows")
    void valueIsThatOfScikitLearn(Row row) {
        Metric metric = row.metric.get();
        assertTrue(Double.isNaN(metric.value()), "over no samples");
        feed(metric, row, 0, SAMPLES);
        double expected = Golden.read("metric/metrics.json").get(row.golden).asDouble();
        assertEquals(expected, metric.value(), 1e-6);
        metric.reset();
        assertTrue(Double.isNaN(metric.value()), "after reset");
    }

    @ParameterizedTest
    @MethodSource("rows")
    void mergedWorkersAreAsOneWorker(Row row) {
        Metric one = row.metric.get();
        feed(one, row, 0, SAMPLES);
        Metric merged = row.metric.get();
        for (int[] part : new int[][] {{0, 7}, {7, 8}, {8, SAMPLES}}) {
            Metric worker = row.metric.get();
            feed(worker, row, part[0], part[1]);
            merged.merge(worker.state());
        }
        assertEquals(one.value(), merged.value(), 1e-12);
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        NDArray three = NDArray.of(1, 0, 1);
        NDArray two = NDArray.of(Shape.of(2, 2), 0.5f, 0.5f, 0.1f, 0.9f);
        assertThrows(ShapeException.class, () -> new Accuracy().update(three, two));
        assertThrows(ShapeException.class, () -> RegressionError.mse().update(three, two));
        assertThrows(ShapeException.class, () -> new Auc().update(three, two));
        assertThrows(ShapeException.class, () -> new F1().update(three, two));
        assertThrows(IllegalArgumentException.class, () -> new Auc(10).merge(new Auc(20).state()));
    }

    @Test
    void labelsOutsideTheClassesAreRefused() {
        NDArray p = NDArray.of(Shape.of(2, 2), 0.5f, 0.5f, 0.1f, 0.9f);
        for (float bad : new float[] {-1, 2}) {
            NDArray l = NDArray.of(0, bad);
            assertThrows(IllegalArgumentException.class, () -> new Accuracy().update(l, p));
            assertThrows(IllegalArgumentException.class, () -> new F1().update(l, p));
            assertThrows(IllegalArgumentException.class, () -> new Auc().update(l, p));
        }
    }

    @Test
    void columnsAndVectorsAreTheSame() {
        Metric metric = RegressionError.mae();
        metric.update(NDArray.of(1, 2, 3), NDArray.of(Shape.of(3, 1), 2f, 2f, 5f));
        assertEquals(1, metric.value(), 1e-12);
    }
}
