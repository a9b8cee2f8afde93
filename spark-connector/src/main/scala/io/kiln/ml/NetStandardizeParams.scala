package io.kiln.ml

import org.apache.spark.ml.param.{BooleanParam, Params}

/** Standardisation of features. */
trait NetStandardizeParams extends Params {

  /** Whether features are standardised. @group param */
  final val standardizeFeatures: BooleanParam = new BooleanParam(
    this, "standardizeFeatures",
    "whether the network subtracts each feature's mean and divides by its standard deviation; both are computed from the training rows and become part of the network")

  /** @group getParam */
  final def getStandardizeFeatures: Boolean = $(standardizeFeatures)

  setDefault(standardizeFeatures -> false)
}

/** The setter of standardisation.
  *
  * @tparam Learner the estimator itself, which the setter returns
  */
trait NetStandardizeSetters[Learner <: NetStandardizeSetters[Learner]] extends NetStandardizeParams { self: Learner =>

  /** @group setParam */
  def setStandardizeFeatures(value: Boolean): Learner = set(standardizeFeatures, value)
}
