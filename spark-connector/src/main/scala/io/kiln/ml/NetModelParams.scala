package io.kiln.ml

import org.apache.spark.ml.param.{IntParam, Param, ParamValidators, Params}
import org.apache.spark.ml.param.shared.HasHandleInvalid

/** The Params that estimators pass on to their models. */
trait NetModelParams extends Params with HasHandleInvalid {

  /** Rows per call of the network. @group param */
  final val predictionBatchSize: IntParam = new IntParam(
    this, "predictionBatchSize", "rows per call of the network in prediction", ParamValidators.gt(0))

  /** How rows with features that are null, NaN or infinite are handled. @group param */
  final override val handleInvalid: Param[String] = new TextParam(
    this, "handleInvalid",
    "how to handle rows with null, NaN or infinite values: error rejects them; skip drops them; keep predicts NaN for them and drops them in training",
    ParamValidators.inArray(Array("error", "skip", "keep")))

  setDefault(predictionBatchSize -> 256, handleInvalid -> "error")

  /** @group getParam */
  final def getPredictionBatchSize: Int = $(predictionBatchSize)
}
