package io.kiln.spark.feed;

import org.apache.hadoop.conf.Configuration;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.ExperimentalMethods;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.QueryExecution;
import org.apache.spark.sql.execution.SQLExecutionRDD;
import org.apache.spark.sql.execution.SparkPlanner;

/** The plans behind DataFrames. */
public final class QueryPlans {
    private QueryPlans() {}

    /**
     * Returns the rows of a DataFrame in Spark's own format, or where its columns lie.
     *
     * @param data the DataFrame
     * @return its rows, each valid until the next is asked for
     */
    public static RDD<InternalRow> rows(Dataset<?> data) {
        QueryExecution query = data.queryExecution();
        return ColumnBatches.rows(query.executedPlan())
                .<RDD<InternalRow>>map(rows -> new SQLExecutionRDD(
                        rows, query.sparkSession().sessionState().conf()))
                .orElseGet(query::toRdd);
    }

    /**
     * Returns the plan of a DataFrame.
     *
     * @param data the DataFrame
     * @return its analyzed plan
     */
    public static LogicalPlan plan(Dataset<?> data) {
        return data.logicalPlan();
    }

    /**
     * Returns a DataFrame of the same session with another plan.
     *
     * @param data a DataFrame
     * @param plan the other plan
     * @return the other DataFrame
     */
    public static Dataset<Row> withPlan(Dataset<?> data, LogicalPlan plan) {
        return Dataset.ofRows(data.sparkSession(), plan);
    }

    /**
     * Returns the planner of a DataFrame's session.
     *
     * @param data the DataFrame
     * @return the planner
     */
    public static SparkPlanner planner(Dataset<?> data) {
        return data.sparkSession().sessionState().planner();
    }

    /**
     * Returns the file systems of a DataFrame's session.
     *
     * @param data the DataFrame
     * @return Hadoop's configuration with the session's settings
     */
    public static Configuration hadoop(Dataset<?> data) {
        return data.sparkSession().sessionState().newHadoopConf();
    }

    /**
     * Returns where a DataFrame's session takes rules and strategies.
     *
     * @param data the DataFrame
     * @return the session's extension points
     */
    public static ExperimentalMethods experimental(Dataset<?> data) {
        return data.sparkSession().experimental();
    }
}
