package io.kiln.spark.plan;

import io.kiln.spark.feed.FeedColumn;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.ExperimentalMethods;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.Seq;

/**
 * Adds predicted columns to DataFrames. Nothing is computed before a query runs; streaming DataFrames are handled the
 * same way.
 */
public final class Predictions {
    private Predictions() {}

    /**
     * Adds columns at the end of a DataFrame.
     *
     * @param data the DataFrame
     * @param schema a schema with the new columns and their metadata
     * @param added names of the new columns, in the order of the prediction's output
     * @param prediction computes their values
     * @return the DataFrame with the new columns
     */
    public static Dataset<Row> add(Dataset<?> data, StructType schema, List<String> added, RowPrediction prediction) {
        org.apache.spark.sql.classic.Dataset<?> rows = (org.apache.spark.sql.classic.Dataset<?>) data;
        register(rows.sparkSession());
        FeedColumn features = FeedColumn.find(data.schema(), "featuresCol", prediction.column());
        List<StructField> fields = added.stream().map(schema::apply).toList();
        LogicalPlan plan = PredictRows.over(rows.logicalPlan(), features, fields, prediction);
        return org.apache.spark.sql.classic.Dataset.ofRows(rows.sparkSession(), plan);
    }

    /**
     * Registers the rules of {@link KilnExtensions} with a session that was built before Kiln was on the class path.
     */
    private static synchronized void register(SparkSession session) {
        if (session.sessionState().planner().strategies().contains(PlanPredictions$.MODULE$)) {
            return;
        }
        ExperimentalMethods methods = session.experimental();
        methods.extraStrategies_$eq(appended(methods.extraStrategies(), PlanPredictions$.MODULE$));
        methods.extraOptimizations_$eq(appended(methods.extraOptimizations(), OptimizePredictions$.MODULE$));
    }

    @SuppressWarnings("unchecked")
    private static <T> Seq<T> appended(Seq<T> list, T more) {
        return (Seq<T>) list.appended(more);
    }
}
