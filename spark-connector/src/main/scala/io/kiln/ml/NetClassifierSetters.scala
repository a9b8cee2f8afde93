package io.kiln.ml

/** Setters of the Params of classifiers only.
  *
  * @tparam Learner the estimator itself, which setters return
  */
trait NetClassifierSetters[Learner <: NetClassifierSetters[Learner]]
    extends NetClassifierParams
    with NetClassWeightSetters[Learner] { self: Learner =>

  /** @group setParam */
  def setLabelSmoothing(value: Double): Learner = set(labelSmoothing, value)

  /** @group setParam */
  def setIgnoredLabel(value: Long): Learner = set(ignoredLabel, value)
}

/** The setter of classes' weights.
  *
  * @tparam Learner the estimator itself, which the setter returns
  */
trait NetClassWeightSetters[Learner <: NetClassWeightSetters[Learner]] extends NetClassWeightParams { self: Learner =>

  /** @group setParam */
  def setClassWeights(value: Array[Double]): Learner = set(classWeights, value)
}
