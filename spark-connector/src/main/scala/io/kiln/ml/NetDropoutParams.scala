package io.kiln.ml

import org.apache.spark.ml.param.{DoubleParam, ParamValidators, Params}

/** Dropout in networks that estimators make. */
trait NetDropoutParams extends Params {

  /** Dropout. @group param */
  final val dropout: DoubleParam = new DoubleParam(
    this, "dropout", "share of the outputs of hidden layers that training leaves out",
    ParamValidators.inRange(0, 1, lowerInclusive = true, upperInclusive = false))

  /** @group getParam */
  final def getDropout: Double = $(dropout)

  setDefault(dropout -> 0.0)
}

/** The setter of dropout.
  *
  * @tparam Learner the estimator itself, which the setter returns
  */
trait NetDropoutSetters[Learner <: NetDropoutSetters[Learner]] extends NetDropoutParams { self: Learner =>

  /** @group setParam */
  def setDropout(value: Double): Learner = set(dropout, value)
}
