package io.kiln.benchmarks.defaults;

import io.kiln.ml.NeuralCF;
import io.kiln.ml.TwoTower;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.evaluation.RegressionEvaluator;
import org.apache.spark.ml.recommendation.ALS;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Ratings of items by users, by {@link NeuralCF}, {@link TwoTower} and MLlib's ALS. They are drawn: tastes of two numbers for
 * each user and item, and ratings by their product, or by the absolute values of their differences, with noise.
 */
final class Ratings {
    private static final int USERS = 200;
    private static final int ITEMS = 300;
    private static final int PAIRS = 20_000;
    private static final double NOISE = 0.1;

    private Ratings() {}

    static void print(SparkSession spark, PrintWriter out) {
        out.println();
        out.println(
                "| 20,000 drawn ratings, a tenth of them held out | product of tastes, RMSE | difference of tastes, RMSE |");
        out.println("|---|---|---|");
        List<Dataset<Row>> tables = List.of(drawn(spark, true), drawn(spark, false));
        row(
                out,
                "NeuralCF, seed 1",
                tables,
                new NeuralCF().setRatingCol("rating").setShowProgress(false).setSeed(1));
        row(
                out,
                "NeuralCF, seed 2",
                tables,
                new NeuralCF().setRatingCol("rating").setShowProgress(false).setSeed(2));
        row(
                out,
                "TwoTower, seed 1",
                tables,
                new TwoTower().setRatingCol("rating").setShowProgress(false).setSeed(1));
        row(
                out,
                "MLlib ALS",
                tables,
                new ALS().setUserCol("user").setItemCol("item").setSeed(1));
        row(
                out,
                "MLlib ALS, regParam 0.01",
                tables,
                new ALS()
                        .setUserCol("user")
                        .setItemCol("item")
                        .setRegParam(0.01)
                        .setSeed(1));
    }

    private static Dataset<Row> drawn(SparkSession spark, boolean product) {
        Random random = new Random(1);
        double[][] users = tastes(random, USERS);
        double[][] items = tastes(random, ITEMS);
        List<Row> rows = new ArrayList<>();
        for (int n = 0; n < PAIRS; n++) {
            int user = random.nextInt(USERS);
            int item = random.nextInt(ITEMS);
            double match = 0;
            for (int k = 0; k < users[user].length; k++) {
                match += product ? users[user][k] * items[item][k] : 1 - Math.abs(users[user][k] - items[item][k]);
            }
            rows.add(RowFactory.create(user, item, 3 + match + NOISE * random.nextGaussian(), n % 10 == 0));
        }
        StructType schema = new StructType()
                .add("user", DataTypes.IntegerType)
                .add("item", DataTypes.IntegerType)
                .add("rating", DataTypes.DoubleType)
                .add("held", DataTypes.BooleanType);
        return spark.createDataFrame(rows, schema).repartition(2).cache();
    }

    private static double[][] tastes(Random random, int count) {
        double[][] tastes = new double[count][2];
        for (double[] t : tastes) {
            t[0] = random.nextGaussian();
            t[1] = random.nextGaussian();
        }
        return tastes;
    }

    private static <M extends Model<M>> void row(
            PrintWriter out, String name, List<Dataset<Row>> tables, Estimator<M> estimator) {
        StringBuilder line = new StringBuilder("| " + name + " |");
        for (Dataset<Row> table : tables) {
            Transformer model = estimator.fit(table.where("NOT held"));
            double error = new RegressionEvaluator()
                    .setLabelCol("rating")
                    .evaluate(model.transform(table.where("held")).na().drop());
            line.append(String.format(Locale.ROOT, " %.4f |", error));
        }
        out.println(line);
        out.flush();
    }
}
