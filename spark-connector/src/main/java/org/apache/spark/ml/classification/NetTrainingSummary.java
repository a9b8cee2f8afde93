package org.apache.spark.ml.classification;

/**
 * MLlib's summary of an iterative fit, whose members clients of Spark Connect may ask for. MLlib hides it from Scala code outside of
 * its package.
 */
public interface NetTrainingSummary extends TrainingSummary {}
