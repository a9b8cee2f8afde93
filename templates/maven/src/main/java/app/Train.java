package app;

import io.kiln.ml.NetClassifier;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import java.util.Arrays;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Trains a classifier on a CSV file whose last column is the class, and saves the pipeline: {@code Train <csv> <model>}. */
public final class Train {
    private Train() {}

    public static void main(String[] args) throws Exception {
        if (args.length != 2) {
            throw new IllegalArgumentException("Train wants two arguments, a CSV file and a directory for the model; got "
                    + args.length);
        }
        try (SparkSession spark = SparkSession.builder().appName("@name@").getOrCreate()) {
            Dataset<Row>[] rows = read(spark, args[0]).randomSplit(new double[] {0.75, 0.25}, 1);
            PipelineModel model = fit(rows[0], 2);
            System.out.printf("accuracy on rows that it has not seen: %.3f%n", accuracy(model, rows[1]));
            model.write().overwrite().save(args[1]);
        }
    }

    static Dataset<Row> read(SparkSession spark, String csv) {
        return spark.read().option("header", true).option("inferSchema", true).csv(csv);
    }

    /** Columns to a vector, which the network gets with mean 0 and deviation 1. */
    static PipelineModel fit(Dataset<Row> rows, int workers) {
        String[] columns = rows.columns();
        String label = columns[columns.length - 1];
        VectorAssembler features = new VectorAssembler()
                .setInputCols(Arrays.copyOf(columns, columns.length - 1))
                .setOutputCol("features");
        NetClassifier classifier = new NetClassifier()
                .setNetwork(new Sequential(new Dense(32, Activation.RELU), new Dense(3)))
                .setLabelCol(label)
                .setStandardizeFeatures(true)
                .setMaxEpochs(40)
                .setBatchSize(16)
                .setNumWorkers(workers)
                .setSeed(1);
        return new Pipeline().setStages(new PipelineStage[] {features, classifier}).fit(rows);
    }

    static double accuracy(PipelineModel model, Dataset<Row> rows) {
        String[] columns = rows.columns();
        return new MulticlassClassificationEvaluator()
                .setLabelCol(columns[columns.length - 1])
                .setMetricName("accuracy")
                .evaluate(model.transform(rows));
    }
}
