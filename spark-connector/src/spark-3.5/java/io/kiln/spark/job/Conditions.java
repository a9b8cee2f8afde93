package io.kiln.spark.job;

import java.util.regex.Pattern;
import org.apache.spark.SparkException;

/** What Spark tells of a failed job. Spark 3.5 tells only by its message that one was cancelled. */
final class Conditions {
    private static final Pattern CANCELLED = Pattern.compile("Job \\d+ cancelled.*", Pattern.DOTALL);

    private Conditions() {}

    static boolean isCancelled(Throwable failure) {
        return failure instanceof SparkException
                && CANCELLED.matcher(String.valueOf(failure.getMessage())).matches();
    }
}
