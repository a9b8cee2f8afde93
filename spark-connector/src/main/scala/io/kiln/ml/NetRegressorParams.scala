package io.kiln.ml

import org.apache.spark.ml.param.BooleanParam

/** The Params of regressors only. */
trait NetRegressorParams extends NetFeatureParams {

  /** Whether the target is standardised. @group param */
  final val standardizeTarget: BooleanParam = new BooleanParam(
    this, "standardizeTarget",
    "whether the network learns labels minus their mean, divided by their standard deviation; predictions are converted back, and losses and metrics stay in the labels' unit; unset: only for losses l1, l2, huber and quantile")

  /** @group getParam */
  final def getStandardizeTarget: Boolean = $(standardizeTarget)
}
