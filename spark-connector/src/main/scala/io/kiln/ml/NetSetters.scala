package io.kiln.ml

import io.kiln.nn.Block
import io.kiln.nn.loss.Loss
import io.kiln.optim.{Optimizer, Schedule}
import io.kiln.spark.model.{NamedRecord, Network}

/** The setters of [[NetParams]]; each returns the estimator itself, so that calls can be chained from Scala and Java.
  *
  * @tparam Self the estimator
  */
trait NetSetters[Self <: NetSetters[Self]] extends NetParams {
  private def self: Self = this.asInstanceOf[Self]

  /** Sets the network: a block, which is traced when the shape of a row is known. @group setParam */
  def setNetwork(value: Block): Self = { set(network, Network.of(value)); self }

  /** Sets the network: a graph as JSON. @group setParam */
  def setNetwork(graphJson: String): Self = { set(network, Network.fromJson(graphJson)); self }

  /** Sets the shape of a row's features. @group setParam */
  def setInputShape(value: Array[Int]): Self = { set(inputShape, value); self }

  /** Sets the loss. @group setParam */
  def setLoss(value: Loss): Self = setLoss(NamedRecord.write(value))

  /** Sets the optimizer. @group setParam */
  def setOptimizer(value: Optimizer): Self = setOptimizer(NamedRecord.write(value))

  /** Sets the learning rate's schedule. @group setParam */
  def setLearningRateSchedule(value: Schedule): Self = setLearningRateSchedule(NamedRecord.write(value))

  /** @group setParam */
  def setInputScale(value: Double): Self = { set(inputScale, value); self }

  /** @group setParam */
  def setLoss(value: String): Self = { set(loss, value); self }

  /** @group setParam */
  def setOptimizer(value: String): Self = { set(optimizer, value); self }

  /** @group setParam */
  def setLearningRate(value: Double): Self = { set(learningRate, value); self }

  /** @group setParam */
  def setLearningRateSchedule(value: String): Self = { set(learningRateSchedule, value); self }

  /** @group setParam */
  def setWeightDecay(value: Double): Self = { set(weightDecay, value); self }

  /** @group setParam */
  def setGradientClipValue(value: Double): Self = { set(gradientClipValue, value); self }

  /** @group setParam */
  def setGradientClipNorm(value: Double): Self = { set(gradientClipNorm, value); self }

  /** @group setParam */
  def setBatchSize(value: Int): Self = { set(batchSize, value); self }

  /** @group setParam */
  def setMaxEpochs(value: Int): Self = { set(maxEpochs, value); self }

  /** @group setParam */
  def setNumWorkers(value: Int): Self = { set(numWorkers, value); self }

  /** @group setParam */
  def setCoresPerWorker(value: Int): Self = { set(coresPerWorker, value); self }

  /** @group setParam */
  def setSeed(value: Long): Self = { set(seed, value); self }

  /** @group setParam */
  def setShuffle(value: Boolean): Self = { set(shuffle, value); self }

  /** @group setParam */
  def setEarlyStoppingPatience(value: Int): Self = { set(earlyStoppingPatience, value); self }

  /** @group setParam */
  def setValidationMetric(value: String): Self = { set(validationMetric, value); self }

  /** @group setParam */
  def setWeightCol(value: String): Self = { set(weightCol, value); self }

  /** @group setParam */
  def setValidationIndicatorCol(value: String): Self = { set(validationIndicatorCol, value); self }

  /** @group setParam */
  def setCheckpointDir(value: String): Self = { set(checkpointDir, value); self }

  /** @group setParam */
  def setCheckpointInterval(value: Int): Self = { set(checkpointInterval, value); self }

  /** @group setParam */
  def setSnapshotInterval(value: Int): Self = { set(snapshotInterval, value); self }

  /** @group setParam */
  def setMaxResubmissions(value: Int): Self = { set(maxResubmissions, value); self }

  /** @group setParam */
  def setKvStoreType(value: String): Self = { set(kvStoreType, value); self }

  /** @group setParam */
  def setStorageLevel(value: String): Self = { set(storageLevel, value); self }

  /** @group setParam */
  def setTimeout(value: Int): Self = { set(timeout, value); self }

  /** @group setParam */
  def setDevice(value: String): Self = { set(device, value); self }

  /** @group setParam */
  def setShowProgress(value: Boolean): Self = { set(showProgress, value); self }

  /** @group setParam */
  def setPredictionBatchSize(value: Int): Self = { set(predictionBatchSize, value); self }
}
