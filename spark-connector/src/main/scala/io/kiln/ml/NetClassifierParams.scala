package io.kiln.ml

import org.apache.spark.ml.param.{DoubleArrayParam, DoubleParam, LongParam, ParamValidators, Params}

/** The Params of classifiers only. */
trait NetClassifierParams extends NetFeatureParams with NetClassWeightParams with NetSmoothingParams {

  /** Label of rows that do not count. @group param */
  final val ignoredLabel: LongParam = new LongParam(
    this, "ignoredLabel", "label of rows that training and validation skip, such as -1; unset: none")

  /** @group getParam */
  final def getIgnoredLabel: Long = $(ignoredLabel)
}

/** Smoothing of the labels of classes. */
trait NetSmoothingParams extends Params {

  /** Smoothing of labels. @group param */
  final val labelSmoothing: DoubleParam = new DoubleParam(
    this, "labelSmoothing",
    "share of each label that goes to all classes alike, such as 0.1, with loss softmaxCrossEntropy; 0: none",
    ParamValidators.inRange(0, 1, lowerInclusive = true, upperInclusive = false))

  /** @group getParam */
  final def getLabelSmoothing: Double = $(labelSmoothing)

  setDefault(labelSmoothing -> 0.0)
}

/** Weights of classes. */
trait NetClassWeightParams extends Params {

  /** Weights of classes. @group param */
  final val classWeights: DoubleArrayParam = new DoubleArrayParam(
    this, "classWeights",
    "factors on the weights of training rows, one per class, for example larger ones for rare classes; validation weights rows by weightCol only; unset: all classes have the same weight",
    (a: Array[Double]) => a.nonEmpty && a.forall(w => w >= 0 && !w.isInfinite) && a.exists(_ > 0))

  /** @group getParam */
  final def getClassWeights: Array[Double] = $(classWeights)
}
