package io.kiln.ml

import org.apache.spark.ml.param.{IntArrayParam, Params}

/** Hidden layers of networks that estimators make. */
trait NetHiddenParams extends Params {

  /** Sizes of the hidden layers. @group param */
  final val hiddenLayers: IntArrayParam = new IntArrayParam(
    this, "hiddenLayers", "sizes of the hidden layers; empty: a linear model", (a: Array[Int]) => a.forall(_ > 0))

  /** @group getParam */
  final def getHiddenLayers: Array[Int] = $(hiddenLayers)

}

/** The setter of hidden layers.
  *
  * @tparam Learner the estimator itself, which the setter returns
  */
trait NetHiddenSetters[Learner <: NetHiddenSetters[Learner]] extends NetHiddenParams { self: Learner =>

  /** @group setParam */
  def setHiddenLayers(value: Array[Int]): Learner = set(hiddenLayers, value)
}
