package io.kiln.ml

import org.apache.spark.ml.param.{IntParam, ParamValidators, Params}

/** The Params that estimators hand on to their models. */
trait NetModelParams extends Params {

  /** Rows that the network gets at once. @group param */
  final val predictionBatchSize: IntParam = new IntParam(
    this, "predictionBatchSize", "rows that the network gets at once when it predicts", ParamValidators.gt(0))

  setDefault(predictionBatchSize -> 256)

  /** @group getParam */
  final def getPredictionBatchSize: Int = $(predictionBatchSize)
}
