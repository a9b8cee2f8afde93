package io.kiln.spark.job;

import io.kiln.spark.model.TrainedNetwork;
import io.kiln.spark.report.TrainingSummary;
import java.util.List;
import java.util.Map;

/**
 * The result of a training job.
 *
 * @param network the network with its weights
 * @param classes number of classes; 0 for a regressor
 * @param vocabularies texts by id, for each input of texts
 * @param summary loss, metrics and duration of the training
 */
public record FitResult(
        TrainedNetwork network, int classes, Map<String, List<String>> vocabularies, TrainingSummary summary) {}
