package io.kiln.examples;

import io.kiln.ml.NetRanker;
import io.kiln.ml.NetRankingEvaluator;
import io.kiln.ml.NetRegressor;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Learns to rank the documents of queries by their relevance. The baseline predicts the relevance of each document for itself,
 * with the same network.
 */
public final class RankedPages {
    private static final int FEATURES = 300;
    private static final int EPOCHS = 20;
    private static final int SEEDS = 5;
    private static final int PLACES = 5;

    private RankedPages() {}

    /**
     * NDCG of the first five places, on the test queries.
     *
     * @param lists after training on lists
     * @param rows after training on single documents
     */
    public record Gains(double lists, double rows) {}

    /**
     * Runs the example.
     *
     * @param args the folder of the data; by default the one in the repository
     */
    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args.length > 0 ? args[0] : "examples/data/ranking");
        try (SparkSession spark = SparkSession.builder()
                .appName("ranking")
                .master("local[2]")
                .config("spark.sql.shuffle.partitions", 2)
                .config("spark.ui.enabled", "false")
                .getOrCreate()) {
            double lists = 0;
            double rows = 0;
            for (int seed = 1; seed <= SEEDS; seed++) {
                Gains g = run(spark, folder, EPOCHS, seed);
                System.out.printf(
                        Locale.ROOT, "seed %d: NDCG@5 %.4f with lists, %.4f without%n", seed, g.lists(), g.rows());
                lists += g.lists() / SEEDS;
                rows += g.rows() / SEEDS;
            }
            System.out.printf(Locale.ROOT, "mean: NDCG@5 %.4f with lists, %.4f without%n", lists, rows);
        }
    }

    private static Block network() {
        return new Sequential(new Dense(64, Activation.RELU), new Dropout(0.3), new Dense(1));
    }

    static Gains run(SparkSession spark, Path folder, int epochs, long seed) {
        Dataset<Row> train = read(spark, folder.resolve("train.txt.gz")).cache();
        Dataset<Row> test = read(spark, folder.resolve("test.txt.gz")).cache();
        NetRankingEvaluator ndcg = new NetRankingEvaluator()
                .setGroupCol("query")
                .setLabelCol("relevance")
                .setK(PLACES);
        NetRanker ranker = new NetRanker()
                .setNetwork(network())
                .setGroupCol("query")
                .setBatchSize(16)
                .setMaxEpochs(epochs)
                .setSeed(seed);
        NetRegressor regressor = new NetRegressor()
                .setNetwork(network())
                .setStandardizeFeatures(true)
                .setBatchSize(128)
                .setMaxEpochs(epochs)
                .setSeed(seed);
        double lists = ndcg.evaluate(ranker.setLabelCol("relevance").fit(train).transform(test));
        double rows =
                ndcg.evaluate(regressor.setLabelCol("relevance").fit(train).transform(test));
        return new Gains(lists, rows);
    }

    /** Relevance, query and features of each document. */
    static Dataset<Row> read(SparkSession spark, Path file) {
        StructType schema = new StructType()
                .add("relevance", DataTypes.IntegerType)
                .add("query", DataTypes.IntegerType)
                .add("features", SQLDataTypes.VectorType());
        return spark.read()
                .textFile(file.toString())
                .map((MapFunction<String, Row>) RankedPages::row, Encoders.row(schema));
    }

    private static Row row(String line) {
        List<String> words = List.of(line.split(" "));
        int count = words.size() - 2;
        int[] indices = new int[count];
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            String[] pair = words.get(i + 2).split(":");
            indices[i] = Integer.parseInt(pair[0]) - 1;
            values[i] = Double.parseDouble(pair[1]);
        }
        int query = Integer.parseInt(words.get(1).substring("qid:".length()));
        return RowFactory.create(Integer.parseInt(words.get(0)), query, Vectors.sparse(FEATURES, indices, values));
    }
}
