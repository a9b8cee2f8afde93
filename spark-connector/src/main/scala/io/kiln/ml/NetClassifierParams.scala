package io.kiln.ml

import org.apache.spark.ml.param.{DoubleArrayParam, LongParam}

/** The Params of classifiers only. */
trait NetClassifierParams extends NetTrainingParams {

  /** Weights of classes. @group param */
  final val classWeights: DoubleArrayParam = new DoubleArrayParam(
    this, "classWeights",
    "factors on the weights of training rows, one per class, for example larger ones for rare classes; validation weights rows by weightCol only; unset: all classes have the same weight",
    (a: Array[Double]) => a.nonEmpty && a.forall(w => w >= 0 && !w.isInfinite) && a.exists(_ > 0))

  /** @group getParam */
  final def getClassWeights: Array[Double] = $(classWeights)

  /** Label of rows that do not count. @group param */
  final val ignoredLabel: LongParam = new LongParam(
    this, "ignoredLabel", "label of rows that training and validation skip, such as -1; unset: none")

  /** @group getParam */
  final def getIgnoredLabel: Long = $(ignoredLabel)
}
