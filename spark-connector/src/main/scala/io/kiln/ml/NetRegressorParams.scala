package io.kiln.ml

import io.kiln.spark.job.Objective
import org.apache.spark.ml.param.{BooleanParam, Params}

/** The Params of regressors only. */
trait NetRegressorParams extends NetFeatureParams with NetTargetParams

/** Standardisation of the target. */
trait NetTargetParams extends Params {

  /** Whether the target is standardised. @group param */
  final val standardizeTarget: BooleanParam = new BooleanParam(
    this, "standardizeTarget",
    "whether the network learns labels minus their mean, divided by their standard deviation; predictions are converted back, and losses and metrics stay in the labels' unit; unset: only for losses l1, l2, huber and quantile")

  /** @group getParam */
  final def getStandardizeTarget: Boolean = $(standardizeTarget)

  /** Whether the target is standardised, by default where the loss allows it. */
  private[ml] def standardizes(objective: Objective): Boolean = {
    val on = if (isDefined(standardizeTarget)) $(standardizeTarget) else objective.isStandardisable
    require(
      !on || objective.isStandardisable,
      s"$uid: standardizeTarget needs a loss of the difference (l1, l2, huber or quantile), got ${objective.lossText}; unset the Param")
    on
  }
}
