package io.kiln.benchmarks.spark;

import io.kiln.benchmarks.Setup;
import io.kiln.examples.Mnist;
import java.io.IOException;
import java.util.Iterator;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
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
    public static Dataset<Row> cached(SparkSession spark, Setup setup, Mnist.Part which) {
        StructType schema = new StructType()
                .add("features", SQLDataTypes.VectorType(), false)
                .add("label", DataTypes.DoubleType, false);
        int partitions = setup.threads();
        // Rows are made in the tasks: rows made here would travel again with each task of each job.
        JavaRDD<Row> rows = JavaSparkContext.fromSparkContext(spark.sparkContext())
                .parallelize(IntStream.range(0, partitions).boxed().toList(), partitions)
                .flatMap(part -> part(which, part, partitions));
        Dataset<Row> frame = spark.createDataFrame(rows, schema).cache();
        frame.count();
        return frame;
    }

    private static Iterator<Row> part(Mnist.Part which, int part, int partitions) throws IOException {
        Mnist digits = Mnist.bundled(which);
        return IntStream.range(0, digits.size())
                .filter(i -> i % partitions == part)
                .mapToObj(i -> RowFactory.create(vector(digits.pixels(i)), (double) digits.label(i)))
                .iterator();
    }

    private static Vector vector(float[] image) {
        double[] pixels = new double[image.length];
        for (int i = 0; i < image.length; i++) {
            pixels[i] = image[i];
        }
        return Vectors.dense(pixels);
    }

    /** Part of the rows whose prediction is their label. */
    public static double accuracy(Dataset<Row> predictions) {
        return new MulticlassClassificationEvaluator().setMetricName("accuracy").evaluate(predictions);
    }
}
