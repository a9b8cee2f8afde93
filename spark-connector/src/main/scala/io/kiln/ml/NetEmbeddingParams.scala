package io.kiln.ml

import org.apache.spark.ml.param.{IntParam, ParamValidators, Params}

/** Vectors of things in networks that estimators make. */
trait NetEmbeddingParams extends Params {

  /** Length of the vectors. @group param */
  final val embeddingSize: IntParam = new IntParam(
    this, "embeddingSize",
    "length of the vectors of tokens, values of categories, or users and items that hidden layers and encoders read; for a transformer a multiple of 8",
    ParamValidators.gt(0))

  /** @group getParam */
  final def getEmbeddingSize: Int = $(embeddingSize)
}

/** The setter of the vectors' length.
  *
  * @tparam Learner the estimator itself, which the setter returns
  */
trait NetEmbeddingSetters[Learner <: NetEmbeddingSetters[Learner]] extends NetEmbeddingParams { self: Learner =>

  /** @group setParam */
  def setEmbeddingSize(value: Int): Learner = set(embeddingSize, value)
}
