package org.apache.spark.ml.classification;

/**
 * MLlib's summary of an iterative fit, whose members Spark Connect clients can access. MLlib hides it from Scala code
 * outside its package.
 */
public interface NetTrainingSummary extends TrainingSummary {}
