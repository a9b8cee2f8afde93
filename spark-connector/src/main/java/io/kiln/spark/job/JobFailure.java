package io.kiln.spark.job;

import io.kiln.spark.feed.RowsChangedException;
import io.kiln.spark.report.TrainingException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** Interprets Spark's reports about failed jobs, and tells of them. */
final class JobFailure {
    private static final String OUT_OF_MEMORY = "java.lang.OutOfMemoryError";

    private JobFailure() {}

    /** Jobs of a training. */
    interface Jobs<T> {
        T run() throws ExecutionException, TimeoutException, InterruptedException;
    }

    /** Runs jobs before or of a training, and says what to do if they fail. */
    static <T> T told(String uid, Jobs<T> jobs) {
        try {
            return jobs.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TrainingException(uid + ": fit was interrupted", e);
        } catch (RowsChangedException e) {
            throw new TrainingException(uid + ": " + e.getMessage(), e);
        } catch (TimeoutException e) {
            throw new TrainingException(
                    "%s: %s; raise timeout, or fit when they are free".formatted(uid, e.getMessage()), e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            String what = isCancelled(cause)
                    ? "the job was cancelled while rows were packed"
                    : "rows cannot be packed: " + reason(cause);
            throw new TrainingException(uid + ": " + what, cause);
        }
    }

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
