package io.kiln.ml

import io.kiln.nn.Block
import io.kiln.nn.loss.Loss
import io.kiln.optim.{Optimizer, Schedule}
import io.kiln.spark.report.EpochListener
import io.kiln.spark.model.{NamedRecord, Network}

/** Setters that estimators and their models share.
  *
  * @tparam Stage the estimator or model itself, which setters return. In a trait, `this.type` would be the trait to Java.
  */
trait NetModelSetters[Stage <: NetModelSetters[Stage]] extends NetModelParams { self: Stage =>

  /** @group setParam */
  def setPredictionBatchSize(value: Int): Stage = set(predictionBatchSize, value)

  /** @group setParam */
  def setHandleInvalid(value: String): Stage = set(handleInvalid, value)

  /** @group setParam */
  def setDevice(value: String): Stage = set(device, value)
}

/** Setters of the Params with which estimators train.
  *
  * @tparam Learner the estimator itself, which setters return
  */
trait NetSetters[Learner <: NetSetters[Learner]]
    extends NetParams
    with NetModelSetters[Learner]
    with NetTransferSetters[Learner] { self: Learner =>

  /** Sets the network: a block, which is traced when the shape of a row is known. @group setParam */
  def setNetwork(value: Block): Learner = set(network, Network.of(value))

  /** Sets the network as JSON: layers (see `io.kiln.nn.json.BlockJson`) or a graph. @group setParam */
  def setNetwork(json: String): Learner = set(network, json)

  /** @group setParam */
  def setInputScale(value: Double): Learner = set(inputScale, value)

  /** @group setParam */
  def setOptimizer(value: Optimizer): Learner = setOptimizer(NamedRecord.write(value))

  /** @group setParam */
  def setOptimizer(value: String): Learner = set(optimizer, value)

  /** @group setParam */
  def setLearningRate(value: Double): Learner = set(learningRate, value)

  /** @group setParam */
  def setLearningRateSchedule(value: Schedule): Learner = setLearningRateSchedule(NamedRecord.write(value))

  /** @group setParam */
  def setLearningRateSchedule(value: String): Learner = set(learningRateSchedule, value)

  /** @group setParam */
  def setWeightDecay(value: Double): Learner = set(weightDecay, value)

  /** @group setParam */
  def setGradientClipValue(value: Double): Learner = set(gradientClipValue, value)

  /** @group setParam */
  def setGradientClipNorm(value: Double): Learner = set(gradientClipNorm, value)

  /** @group setParam */
  def setEmaDecay(value: Double): Learner = set(emaDecay, value)

  /** @group setParam */
  def setSwaStart(value: Int): Learner = set(swaStart, value)

  /** @group setParam */
  def setMixup(value: Double): Learner = set(mixup, value)

  /** @group setParam */
  def setGradientAccumulation(value: Int): Learner = set(gradientAccumulation, value)

  /** @group setParam */
  def setBatchSize(value: Int): Learner = set(batchSize, value)

  /** @group setParam */
  def setMaxEpochs(value: Int): Learner = set(maxEpochs, value)

  /** @group setParam */
  def setNumWorkers(value: Int): Learner = set(numWorkers, value)

  /** @group setParam */
  def setCoresPerWorker(value: Int): Learner = set(coresPerWorker, value)

  /** @group setParam */
  def setSeed(value: Long): Learner = set(seed, value)

  /** @group setParam */
  def setShuffle(value: Boolean): Learner = set(shuffle, value)

  /** @group setParam */
  def setEarlyStoppingPatience(value: Int): Learner = set(earlyStoppingPatience, value)

  /** @group setParam */
  def setValidationMetric(value: String): Learner = set(validationMetric, value)

  /** @group setParam */
  def setWeightCol(value: String): Learner = set(weightCol, value)

  /** @group setParam */
  def setValidationIndicatorCol(value: String): Learner = set(validationIndicatorCol, value)

  /** @group setParam */
  def setCheckpointDir(value: String): Learner = set(checkpointDir, value)

  /** @group setParam */
  def setCheckpointInterval(value: Int): Learner = set(checkpointInterval, value)

  /** @group setParam */
  def setSnapshotInterval(value: Int): Learner = set(snapshotInterval, value)

  /** @group setParam */
  def setMaxResubmissions(value: Int): Learner = set(maxResubmissions, value)

  /** @group setParam */
  def setKvStoreType(value: String): Learner = set(kvStoreType, value)

  /** @group setParam */
  def setStorageLevel(value: String): Learner = set(storageLevel, value)

  /** @group setParam */
  def setTimeout(value: Int): Learner = set(timeout, value)

  /** @group setParam */
  def setHeartbeatTimeout(value: Double): Learner = set(heartbeatTimeout, value)

  /** @group setParam */
  def setPrecision(value: String): Learner = set(precision, value)

  /** @group expertSetParam */
  def setMemoryBudget(value: Long): Learner = set(memoryBudget, value)

  /** @group setParam */
  def setShowProgress(value: Boolean): Learner = set(showProgress, value)

  /** @group setParam */
  def setSummaryDir(value: String): Learner = set(summaryDir, value)

  /** Tells a listener on the driver of each epoch. It is no Param: it is not saved, and copies of the estimator share it. */
  def setEpochListener(value: EpochListener): Learner = {
    epochListener = value
    this
  }
}

/** Setters of the Params of a network with one input and one output.
  *
  * @tparam Learner the estimator itself, which setters return
  */
trait NetFeatureSetters[Learner <: NetFeatureSetters[Learner]]
    extends NetFeatureParams
    with NetSetters[Learner]
    with NetStandardizeSetters[Learner] { self: Learner =>

  /** @group setParam */
  def setInputShape(value: Array[Int]): Learner = set(inputShape, value)

  /** @group setParam */
  def setLoss(value: Loss): Learner = setLoss(NamedRecord.write(value))

  /** @group setParam */
  def setLoss(value: String): Learner = set(loss, value)

  /** Declared here once more because Py4J finds methods of a class's own interfaces, and not of those that these extend. */
  override def setEpochListener(value: EpochListener): Learner = super.setEpochListener(value)
}

/** Setters of the columns of inputs and outputs.
  *
  * @tparam Stage the estimator or model itself, which setters return
  */
trait NetIoSetters[Stage <: NetIoSetters[Stage]]
    extends NetIoParams
    with NetSequenceSetters[Stage]
    with NetDecodingSetters[Stage] { self: Stage =>

  /** @group setParam */
  def setInputCols(value: Array[String]): Stage = set(inputCols, value)

  /** @group setParam */
  def setInputNames(value: Array[String]): Stage = set(inputNames, value)

  /** @group setParam */
  def setInputTypes(value: Array[String]): Stage = set(inputTypes, value)

  /** @group setParam */
  def setInputScales(value: Array[Double]): Stage = set(inputScales, value)

  /** @group setParam */
  def setImageFit(value: String): Stage = set(imageFit, value)

  /** @group setParam */
  def setOutputCols(value: Array[String]): Stage = set(outputCols, value)

  /** @group setParam */
  def setOutputNames(value: Array[String]): Stage = set(outputNames, value)
}
