package io.kiln.spark.job;

import io.kiln.spark.feed.Field;
import io.kiln.spark.feed.TextCounts;
import io.kiln.spark.report.TrainingException;
import io.kiln.spark.stage.JobDescription;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Dataset;

/** The vocabularies of a training, for networks whose sizes follow from them. */
public final class Vocabularies {
    private Vocabularies() {}

    /**
     * Counts the texts of the rows of a training, but for those that it has the vocabularies of.
     *
     * @param data the rows
     * @param request the estimator's request
     * @return the texts by input
     * @throws IllegalArgumentException if there are more different texts than a vocabulary can hold
     * @throws TrainingException if counting failed, or was cancelled or interrupted
     */
    public static Map<String, List<String>> of(Dataset<?> data, FitRequest request) {
        return JobFailure.told(request.uid(), () -> {
            new Preflight(data.sparkSession().sparkContext(), request.run().cluster()).checkConfiguration();
            return count(data, request);
        });
    }

    static Map<String, List<String>> count(Dataset<?> data, FitRequest request)
            throws ExecutionException, TimeoutException, InterruptedException {
        Map<String, Field> uncounted = request.work().uncounted(data.schema());
        if (uncounted.isEmpty()) {
            return request.work().vocabularies();
        }
        SparkContext sc = data.sparkSession().sparkContext();
        try (JobDescription d = JobDescription.open(sc, "Kiln: " + request.uid() + " counts texts")) {
            Map<String, List<String>> all = new HashMap<>(request.work().vocabularies());
            all.putAll(TextCounts.of(
                    data,
                    uncounted,
                    request.work().validationIndicatorCol(),
                    request.run().cluster().timeout()));
            return all;
        }
    }
}
