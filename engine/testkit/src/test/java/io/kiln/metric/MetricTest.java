package io.kiln.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.shape.Movement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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
                new Row("top2", () -> new TopKAccuracy(2), "labels", "logits", CLASSES),
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
                new Row("pearson", Pearson::new, "y", "guess", 1),
                new Row("averagePrecision", AveragePrecision::new, "binary", "scores", 1),
                new Row("meanIou", () -> new MeanIou(CLASSES), "labels", "logits", CLASSES),
                new Row("logLoss", () -> new LogLoss(false), "binary", "scores", 1),
                new Row("r2", R2::new, "y", "guess", 1),
                new Row("quantileError", () -> new QuantileError(0.9), "y", "guess", 1),
                new Row("calibrationError", () -> new CalibrationError(5), "labels", "probabilities", CLASSES),
                new Row("crossEntropy", () -> CrossEntropy.negativeLogLikelihood(true), "labels", "logits", CLASSES),
                new Row("crossEntropy", () -> new MeanLoss(new SoftmaxCrossEntropy()), "labels", "logits", CLASSES),
                new Row("mae", MetricTest::custom, "y", "guess", 1));
    }

    private static Metric custom() {
        return new CustomMetric("mine", false, (predictions, labels) -> {
            RegressionError own = RegressionError.mae();
            own.update(predictions, labels);
            return own.value();
        });
    }

    private static void feed(Metric metric, Row row, int from, int to) {
        JsonNode golden = Golden.read("metric/metrics.json");
        NDArray labels = NDArray.of(Golden.floats(golden.get(row.labels)));
        NDArray predictions = NDArray.of(Golden.floats(golden.get(row.predictions)));
        NDArray table = row.columns == 1 ? predictions : predictions.reshape(SAMPLES, row.columns);
        metric.update(table.slice(0, from, to), labels.slice(0, from, to));
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
    void bleuIsThatOfNltk() {
        JsonNode golden = Golden.read("metric/metrics.json");
        NDArray labels = NDArray.of(Golden.floats(golden.get("references"))).reshape(8, 9);
        NDArray predictions =
                NDArray.of(Golden.floats(golden.get("candidates"))).reshape(8, 9);
        Bleu bleu = new Bleu(-1);
        assertTrue(Double.isNaN(bleu.value()), "over no samples");
        Bleu other = new Bleu(-1);
        bleu.update(predictions.slice(0, 0, 3), labels.slice(0, 0, 3));
        other.update(predictions.slice(0, 3, 8), labels.slice(0, 3, 8));
        bleu.merge(other.state());
        assertEquals(golden.get("bleu").asDouble(), bleu.value(), 1e-12);
        Bleu two = new Bleu(-1);
        for (int i = 0; i < 8; i++) {
            long[] r = tokens(labels, i);
            long[] backwards = new long[r.length - 1];
            for (int k = 0; k < backwards.length; k++) {
                backwards[k] = r[r.length - 1 - k];
            }
            two.update(tokens(predictions, i), List.of(r, backwards));
        }
        assertEquals(golden.get("bleuOfTwo").asDouble(), two.value(), 1e-12);
        Bleu wrong = new Bleu(-1);
        wrong.update(new long[] {5, 6, 7, 8}, List.of(new long[] {1, 2, 3, 4}));
        assertEquals(0, wrong.value());
        assertThrows(ShapeException.class, () -> wrong.update(NDArray.of(1f, 2f), labels));
    }

    private static long[] tokens(NDArray rows, int row) {
        return Arrays.stream(rows.slice(0, row, row + 1).toLongArray())
                .filter(t -> t >= 0)
                .toArray();
    }

    @Test
    void imagesHaveTheirClassesOnAxisOne() {
        NDArray said = NDArray.of(Shape.of(1, 2, 1, 3), 0.1f, 0.9f, 0.2f, 0.9f, 0.1f, 0.8f);
        NDArray truth = NDArray.of(Shape.of(1, 1, 3), 1, 1, 1);
        MeanIou iou = new MeanIou(2);
        iou.update(said, truth);
        assertEquals((0 + 2.0 / 3) / 2, iou.value(), 1e-12);
        MeanIou three = new MeanIou(3);
        NDArray absent = NDArray.zeros(Shape.of(1, 1, 1, 3), DType.FLOAT32);
        three.update(Movement.concat(1, said, absent), truth);
        assertEquals(iou.value(), three.value(), 1e-12, "a class that nowhere occurs does not count");
    }

    @Test
    void logLossOfLogitsIsThatOfTheirProbabilities() {
        NDArray logits = NDArray.of(-3, 0.5f, 40);
        NDArray labels = NDArray.of(0, 1, 0.25f);
        LogLoss a = new LogLoss(true);
        LogLoss b = new LogLoss(false);
        a.update(logits.slice(0, 0, 2), labels.slice(0, 0, 2));
        b.update(logits.slice(0, 0, 2).sigmoid(), labels.slice(0, 0, 2));
        assertEquals(a.value(), b.value(), 1e-6);
        LogLoss far = new LogLoss(true);
        far.update(logits.slice(0, 2, 3), labels.slice(0, 2, 3));
        assertEquals(30, far.value(), 1e-6);
    }

    @Test
    void compositeMetricsAreMergedAsOne() {
        NDArray l = NDArray.of(1, 2, 3);
        NDArray p = NDArray.of(2, 2, 5);
        CompositeMetric all = new CompositeMetric(RegressionError.mae(), RegressionError.mse());
        CompositeMetric other = new CompositeMetric(RegressionError.mae(), RegressionError.mse());
        all.update(p.slice(0, 0, 1), l.slice(0, 0, 1));
        other.update(p.slice(0, 1, 3), l.slice(0, 1, 3));
        all.merge(other.state());
        assertEquals(Map.of("mae", 1.0, "mse", 5.0 / 3), all.values());
        assertEquals("mae=1.0, mse=" + 5.0 / 3, all.toString());
        all.reset();
        assertTrue(Double.isNaN(all.values().get("mae")));
        assertThrows(IllegalArgumentException.class, () -> all.merge(new double[3]));
        assertThrows(IllegalArgumentException.class, () -> new CompositeMetric(new Accuracy(), new Accuracy()));
    }

    @Test
    void shapesThatDoNotFitAreRefused() {
        NDArray three = NDArray.of(1, 0, 1);
        NDArray two = NDArray.of(Shape.of(2, 2), 0.5f, 0.5f, 0.1f, 0.9f);
        assertThrows(ShapeException.class, () -> new Accuracy().update(two, three));
        assertThrows(ShapeException.class, () -> RegressionError.mse().update(two, three));
        assertThrows(ShapeException.class, () -> new Auc().update(two, three));
        assertThrows(ShapeException.class, () -> new F1().update(two, three));
        assertThrows(IllegalArgumentException.class, () -> new Mcc(3, 0).merge(new Mcc(4, 0).state()));
    }

    @Test
    void labelsOutsideTheClassesAreRefused() {
        NDArray p = NDArray.of(Shape.of(2, 2), 0.5f, 0.5f, 0.1f, 0.9f);
        for (float bad : new float[] {-1, 2}) {
            NDArray l = NDArray.of(0, bad);
            assertThrows(IllegalArgumentException.class, () -> new Accuracy().update(p, l));
            assertThrows(IllegalArgumentException.class, () -> new F1().update(p, l));
            assertThrows(IllegalArgumentException.class, () -> new Auc().update(p, l));
        }
    }

    @Test
    void predictionsThatAreNanAreNeverHitsAndAreCounted() {
        NDArray labels = NDArray.of(Shape.of(4), 0, 1, 0, 1);
        NDArray nan = NDArray.full(Shape.of(4, 2), Double.NaN, DType.FLOAT32);
        for (Metric m : List.of(
                new Accuracy(),
                new TopKAccuracy(1),
                new F1(),
                new F1(F1.Average.MICRO, 2, 0.5),
                new F1(F1.Average.MACRO, 2, 0.5),
                new Mcc(),
                new MeanIou(2, -1),
                new Auc(),
                new Auc(0),
                new AveragePrecision(),
                new AveragePrecision(0))) {
            m.update(nan, labels);
            assertEquals(0, m.value(), m.name());
            assertEquals(4, m.nanSamples(), m.name());
            assertTrue(m.toString().contains("4 samples with NaN"), m.toString());
            m.reset();
            assertEquals(0, m.nanSamples());
        }
        for (Metric m : List.of(CrossEntropy.mean(true), CrossEntropy.mean(false), RegressionError.mae())) {
            m.update(m.name().startsWith("m") ? nan.slice(1, 0, 1) : nan, labels);
            assertTrue(Double.isNaN(m.value()), m.name());
        }
        CalibrationError certain = new CalibrationError();
        certain.update(nan, labels);
        assertEquals(1, certain.value());
    }

    @Test
    void oneNanAmongManyClassesIsAMiss() {
        NDArray labels = NDArray.of(Shape.of(2), 0, 1);
        NDArray p = NDArray.of(Shape.of(2, 3), 0.9f, Float.NaN, 0, 0, 1, 0);
        Accuracy accuracy = new Accuracy();
        accuracy.update(p, labels);
        assertEquals(0.5, accuracy.value());
        assertEquals(1, accuracy.nanSamples());
        Mcc mcc = new Mcc(3, 0);
        mcc.update(p, labels);
        assertTrue(mcc.value() > 0 && mcc.value() < 1, mcc.toString());
    }

    @Test
    void tinyProbabilitiesAreRankedExactlyAndInBins() {
        int n = 1000;
        int[] y = new int[n];
        float[] p = new float[n];
        for (double least : new double[] {1e-4, 1e-30}) {
            for (int i = 0; i < n; i++) {
                y[i] = i >= 900 ? 1 : 0;
                p[i] = (float) ((i + 1.0) / n * least);
            }
            for (boolean mirrored : new boolean[] {false, true}) {
                NDArray scores = NDArray.of(p);
                NDArray labels = NDArray.of(Shape.of(n), y);
                if (mirrored && least < 1e-10) {
                    continue; // one minus such a score is 1 in float32
                }
                NDArray s = mirrored ? scores.neg().add(1) : scores;
                NDArray l = mirrored ? labels.neg().add(1) : labels;
                for (Metric m : List.of(new Auc(), new AveragePrecision())) {
                    m.update(s, l);
                    assertEquals(1, m.value(), mirrored ? 1e-3 : 0, m.name());
                }
                for (Metric m : List.of(new Auc(0), new AveragePrecision(0))) {
                    m.update(s, l);
                    assertEquals(1, m.value(), 0.02, m.name() + " in bins");
                }
            }
        }
    }

    @Test
    void weightsCountAsRepeatedSamplesAndZeroMasksAnyLabel() {
        NDArray p = NDArray.of(Shape.of(4, 2), 0.9f, 0.1f, 0.4f, 0.6f, 0.7f, 0.3f, 0.2f, 0.8f);
        NDArray repeated = Movement.concat(0, p, p.slice(0, 1, 2), p.slice(0, 2, 3), p.slice(0, 2, 3))
                .slice(0, 0, 7);
        NDArray labels = NDArray.of(Shape.of(4), 0, 1, 1, -100);
        NDArray weights = NDArray.of(1f, 2, 3, 0);
        NDArray rows = Movement.concat(0, repeated.slice(0, 0, 3), repeated.slice(0, 4, 7));
        NDArray own = NDArray.of(Shape.of(6), 0, 1, 1, 1, 1, 1);
        for (Supplier<Metric> make : List.<Supplier<Metric>>of(
                Accuracy::new,
                () -> new TopKAccuracy(1),
                F1::new,
                Mcc::new,
                () -> new MeanIou(2, -1),
                Auc::new,
                () -> new Auc(0),
                AveragePrecision::new,
                CalibrationError::new,
                () -> CrossEntropy.mean(false),
                () -> new MeanLoss(new SoftmaxCrossEntropy()))) {
            Metric weighted = make.get();
            Metric plain = make.get();
            NDArray masked =
                    weighted instanceof MeanLoss ? labels.maximum(NDArray.zeros(Shape.of(4), DType.INT32)) : labels;
            weighted.update(p, masked, weights);
            plain.update(rows, own);
            assertEquals(plain.value(), weighted.value(), 1e-6, weighted.name());
        }
        NDArray y = NDArray.of(Shape.of(2, 2), 1f, 2, 3, 4);
        NDArray guess = NDArray.of(Shape.of(2, 2), 2f, 9, 5, 9);
        for (Metric m : List.of(RegressionError.mae(), new QuantileError(0.5), new R2(), new Pearson())) {
            m.update(guess, y, NDArray.of(Shape.of(1, 2), 1f, 0));
            double first = m.value();
            m.reset();
            m.update(guess.slice(1, 0, 1), y.slice(1, 0, 1));
            assertEquals(m.value(), first, 1e-12, m.name());
        }
        assertThrows(ShapeException.class, () -> new Accuracy().update(p, labels, NDArray.of(1f, 1)));
    }

    @Test
    void columnsAndVectorsAreTheSame() {
        Metric metric = RegressionError.mae();
        metric.update(NDArray.of(Shape.of(3, 1), 2f, 2f, 5f), NDArray.of(1, 2, 3));
        assertEquals(1, metric.value(), 1e-12);
    }
}
