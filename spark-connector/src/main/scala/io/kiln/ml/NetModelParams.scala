package io.kiln.ml

import org.apache.spark.ml.param.{IntParam, Param, ParamValidators, Params}
import org.apache.spark.ml.param.shared.HasHandleInvalid

/** The Params that estimators hand on to their models. */
trait NetModelParams extends Params with HasHandleInvalid {

  /** Rows that the network gets at once. @group param */
  final val predictionBatchSize: IntParam = new IntParam(
    this, "predictionBatchSize", "rows that the network gets at once when it predicts", ParamValidators.gt(0))

  /** What happens to rows with features that are null, NaN or infinite. @group param */
  final override val handleInvalid: Param[String] = new TextParam(
    this, "handleInvalid",
    "rows with null, NaN or infinite values: error refuses them; skip leaves them out; keep predicts NaN for them, and leaves them out of training",
    ParamValidators.inArray(Array("error", "skip", "keep")))

  setDefault(predictionBatchSize -> 256, handleInvalid -> "error")

  /** @group getParam */
  final def getPredictionBatchSize: Int = $(predictionBatchSize)
}
