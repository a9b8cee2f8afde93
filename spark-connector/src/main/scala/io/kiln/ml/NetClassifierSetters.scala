package io.kiln.ml

/** Setters of the Params of classifiers only.
  *
  * @tparam Learner the estimator itself, which setters return
  */
trait NetClassifierSetters[Learner <: NetClassifierSetters[Learner]] extends NetClassifierParams { self: Learner =>

  /** @group setParam */
  def setClassWeights(value: Array[Double]): Learner = set(classWeights, value)

  /** @group setParam */
  def setLabelSmoothing(value: Double): Learner = set(labelSmoothing, value)

  /** @group setParam */
  def setIgnoredLabel(value: Long): Learner = set(ignoredLabel, value)
}
