package io.kiln.ml

import org.apache.spark.ml.param.BooleanParam

/** The Params of regressors alone. */
trait NetRegressorParams extends NetTrainingParams {

  /** Whether the target is standardised. @group param */
  final val standardizeTarget: BooleanParam = new BooleanParam(
    this, "standardizeTarget",
    "whether the network learns the labels with their mean taken away and divided by their standard deviation, which its predictions get back; losses and metrics stay in the labels' unit; unset: for losses l1, l2, huber and quantile")

  /** @group getParam */
  final def getStandardizeTarget: Boolean = $(standardizeTarget)
}
