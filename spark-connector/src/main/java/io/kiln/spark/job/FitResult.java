package io.kiln.spark.job;

import io.kiln.spark.model.TrainedNetwork;

/**
 * The result of a training job.
 *
 * @param network the network with its weights
 * @param classes number of classes; 0 for a regressor
 * @param summary loss, metrics and duration of the training
 */
public record FitResult(TrainedNetwork network, int classes, TrainingSummary summary) {}
