package io.kiln.spark.job;

import org.apache.spark.SparkThrowable;

/** What Spark tells of a failed job. Spark 4 has a condition for one that was cancelled. */
final class Conditions {
    private Conditions() {}

    static boolean isCancelled(Throwable failure) {
        return failure instanceof SparkThrowable s && "SPARK_JOB_CANCELLED".equals(s.getCondition());
    }
}
