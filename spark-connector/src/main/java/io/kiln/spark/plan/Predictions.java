package io.kiln.spark.plan;

import io.kiln.spark.feed.FeedColumn;
import io.kiln.spark.feed.QueryPlans;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.ExperimentalMethods;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
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
    public static Dataset<Row> add(Dataset<?> data, StructType schema, List<String> added, RowPredictor prediction) {
        register(data);
        List<FeedColumn> sources = prediction.sources().stream()
                .map(s -> FeedColumn.find(data.schema(), s.param(), s.column()))
                .toList();
        List<StructField> fields = added.stream().map(schema::apply).toList();
        LogicalPlan plan = PredictRows.over(QueryPlans.plan(data), sources, fields, prediction);
        return QueryPlans.withPlan(data, plan);
    }

    /**
     * Registers the rules of {@link KilnExtensions} with a session that was built before Kiln was on the class path.
     */
    private static synchronized void register(Dataset<?> data) {
        if (QueryPlans.planner(data).strategies().contains(PlanPredictions$.MODULE$)) {
            return;
        }
        ExperimentalMethods methods = QueryPlans.experimental(data);
        methods.extraStrategies_$eq(appended(methods.extraStrategies(), PlanPredictions$.MODULE$));
        methods.extraOptimizations_$eq(appended(methods.extraOptimizations(), OptimizePredictions$.MODULE$));
    }

    @SuppressWarnings("unchecked")
    private static <T> Seq<T> appended(Seq<T> list, T more) {
        return (Seq<T>) list.appended(more);
    }
}
