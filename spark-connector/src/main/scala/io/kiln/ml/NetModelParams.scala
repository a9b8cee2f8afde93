package io.kiln.ml

import io.kiln.spark.device.DeviceSetting
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

  /** Where networks compute. @group param */
  final val device: Param[String] = new TextParam(
    this, "device",
    "where networks compute: auto (the GPU that Spark assigns to a task, otherwise the CPU), cpu, cuda or opencl; with an index such as cuda:1 all tasks use that device of their machine",
    (s: String) => DeviceSetting.isValid(s))

  setDefault(predictionBatchSize -> 256, handleInvalid -> "error", device -> "auto")

  /** @group getParam */
  final def getDevice: String = $(device)

  /** @group getParam */
  final def getPredictionBatchSize: Int = $(predictionBatchSize)
}
