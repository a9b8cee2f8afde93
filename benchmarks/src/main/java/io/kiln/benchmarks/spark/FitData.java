package io.kiln.benchmarks.spark;

import io.kiln.benchmarks.Setup;
import io.kiln.examples.Mnist;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The DataFrames of the workload {@code estimator}: MLlib's own types, so that both sides get the same. */
public final class FitData {

    private FitData() {}

    /** One part of the digits, with columns {@code features} and {@code label}, in one partition per thread. */
    public static Dataset<Row> cached(SparkSession spark, Setup setup, Mnist.Part part) throws IOException {
        Mnist digits = Mnist.bundled(part);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < digits.size(); i++) {
            float[] image = digits.pixels(i);
            double[] pixels = new double[image.length];
            for (int j = 0; j < image.length; j++) {
                pixels[j] = image[j];
            }
            rows.add(RowFactory.create(Vectors.dense(pixels), (double) digits.label(i)));
        }
        StructType schema = new StructType()
                .add("features", SQLDataTypes.VectorType(), false)
                .add("label", DataTypes.DoubleType, false);
        Dataset<Row> frame =
                spark.createDataFrame(rows, schema).repartition(setup.threads()).cache();
        if (frame.count() != rows.size()) {
            throw new IllegalStateException("fit: expected " + rows.size() + " rows, cached " + frame.count());
        }
        return frame;
    }

    /** Part of the rows whose prediction is their label. */
    public static double accuracy(Dataset<Row> predictions) {
        return new MulticlassClassificationEvaluator().setMetricName("accuracy").evaluate(predictions);
    }
}
