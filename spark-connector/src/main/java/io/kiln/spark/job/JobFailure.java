package io.kiln.spark.job;

import java.util.concurrent.CancellationException;

/** Interprets Spark's reports about failed jobs. */
final class JobFailure {
    private static final String OUT_OF_MEMORY = "java.lang.OutOfMemoryError";

    private JobFailure() {}

    /** Whether a job was cancelled. */
    static boolean isCancelled(Throwable failure) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof CancellationException || Conditions.isCancelled(t)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Why a job failed: the innermost cause. Spark reports causes on executors as text, of which the first lines are
     * kept.
     */
    static String reason(Throwable failure) {
        Throwable root = failure;
        for (Throwable t = failure; t != null; t = t.getCause()) {
            if (t instanceof OutOfMemoryError || String.valueOf(t.getMessage()).contains(OUT_OF_MEMORY)) {
                return "an executor's heap is full (" + OUT_OF_MEMORY
                        + "); raise spark.executor.memory, in a local master spark.driver.memory";
            }
            root = t;
        }
        String text = root.getMessage() == null ? root.toString() : root.getMessage();
        int trace = text.indexOf("\n\tat ");
        return trace < 0 ? text : text.substring(0, trace);
    }
}
