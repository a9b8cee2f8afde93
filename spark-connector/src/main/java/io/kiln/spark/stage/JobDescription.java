package io.kiln.spark.stage;

import org.apache.spark.SparkContext;

/**
 * While open, describes the jobs that this thread submits in Spark's UI, after the description that the application
 * itself has set.
 *
 * <p>Concurrency: one thread.
 */
public final class JobDescription implements AutoCloseable {
    private static final String DESCRIPTION = "spark.job.description";
    private static final String CALL_SITE = "callSite.short";

    private final SparkContext sc;
    private final String descriptionBefore;
    private final String callSiteBefore;

    private JobDescription(SparkContext sc) {
        this.sc = sc;
        this.descriptionBefore = sc.getLocalProperty(DESCRIPTION);
        this.callSiteBefore = sc.getLocalProperty(CALL_SITE);
    }

    /**
     * Describes jobs.
     *
     * @param sc the context
     * @param text the purpose of the jobs
     * @return the description, to be closed when the jobs are done
     */
    public static JobDescription open(SparkContext sc, String text) {
        JobDescription d = new JobDescription(sc);
        sc.setLocalProperty(DESCRIPTION, d.descriptionBefore == null ? text : d.descriptionBefore + ": " + text);
        sc.setLocalProperty(CALL_SITE, text);
        return d;
    }

    @Override
    public void close() {
        sc.setLocalProperty(DESCRIPTION, descriptionBefore);
        sc.setLocalProperty(CALL_SITE, callSiteBefore);
    }
}
