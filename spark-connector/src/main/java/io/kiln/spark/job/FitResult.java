package io.kiln.spark.job;

import io.kiln.spark.model.TrainedNetwork;

/**
 * What a training job gives.
 *
 * @param network the network with its weights
 * @param classes number of classes; 0 for a regressor
 * @param summary how training went
 */
public record FitResult(TrainedNetwork network, int classes, TrainingSummary summary) {}
