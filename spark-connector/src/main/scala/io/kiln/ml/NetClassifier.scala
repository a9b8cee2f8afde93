package io.kiln.ml

import io.kiln.nn.Block
import io.kiln.nn.loss.Loss
import io.kiln.optim.{Optimizer, Schedule}
import io.kiln.spark.feed.FeedColumns
import io.kiln.spark.job.{EpochListener, FitRequest, Objective}
import io.kiln.spark.model.{NamedRecord, Network, OutputColumns}
import io.kiln.spark.notebook.LiveCurve
import org.apache.spark.ml.classification.ProbabilisticClassifier
import org.apache.spark.ml.linalg.{SQLDataTypes, Vector}
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader, MLWriter}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.{DataType, DataTypes, StructType}

import scala.jdk.CollectionConverters._

/** Trains a network that tells classes apart.
  *
  * Labels are 0, 1, …, K-1. The network gives K scores per row (logits: no softmax at its end) for loss softmaxCrossEntropy,
  * or a single one, for two classes, for loss sigmoidBce. Features are a vector, a number or boolean, an array of these,
  * or binary (one unsigned byte each, with inputShape set).
  *
  * {{{
  * val net = new Sequential(new Dense(128, Activation.RELU), new Dense(10))
  * val model = new NetClassifier().setNetwork(net).setMaxEpochs(5).fit(train)
  * model.transform(test)
  * }}}
  */
class NetClassifier(override val uid: String)
    extends ProbabilisticClassifier[Vector, NetClassifier, NetClassificationModel]
    with NetParams
    with NetClassifierParams
    with DefaultParamsWritable {

  /** An estimator with a random uid. */
  def this() = this(Identifiable.randomUID("netClassifier"))

  setDefault(loss -> "softmaxCrossEntropy")

  // Setters stand in the class itself: those of a trait would return the trait to Java.

  /** Sets the network: a block, which is traced when the shape of a row is known. @group setParam */
  def setNetwork(value: Block): this.type = set(network, Network.of(value))

  /** Sets the network as JSON: layers (see `io.kiln.nn.json.BlockJson`) or a graph. @group setParam */
  def setNetwork(json: String): this.type = set(network, json)

  /** @group setParam */
  def setInputShape(value: Array[Int]): this.type = set(inputShape, value)

  /** @group setParam */
  def setLoss(value: Loss): this.type = setLoss(NamedRecord.write(value))

  /** @group setParam */
  def setOptimizer(value: Optimizer): this.type = setOptimizer(NamedRecord.write(value))

  /** @group setParam */
  def setLearningRateSchedule(value: Schedule): this.type = setLearningRateSchedule(NamedRecord.write(value))

  /** @group setParam */
  def setStandardizeFeatures(value: Boolean): this.type = set(standardizeFeatures, value)

  /** @group setParam */
  def setClassWeights(value: Array[Double]): this.type = set(classWeights, value)

  /** @group setParam */
  def setIgnoredLabel(value: Long): this.type = set(ignoredLabel, value)

  /** @group setParam */
  def setInputScale(value: Double): this.type = set(inputScale, value)

  /** @group setParam */
  def setLoss(value: String): this.type = set(loss, value)

  /** @group setParam */
  def setOptimizer(value: String): this.type = set(optimizer, value)

  /** @group setParam */
  def setLearningRate(value: Double): this.type = set(learningRate, value)

  /** @group setParam */
  def setLearningRateSchedule(value: String): this.type = set(learningRateSchedule, value)

  /** @group setParam */
  def setWeightDecay(value: Double): this.type = set(weightDecay, value)

  /** @group setParam */
  def setGradientClipValue(value: Double): this.type = set(gradientClipValue, value)

  /** @group setParam */
  def setGradientClipNorm(value: Double): this.type = set(gradientClipNorm, value)

  /** @group setParam */
  def setBatchSize(value: Int): this.type = set(batchSize, value)

  /** @group setParam */
  def setMaxEpochs(value: Int): this.type = set(maxEpochs, value)

  /** @group setParam */
  def setNumWorkers(value: Int): this.type = set(numWorkers, value)

  /** @group setParam */
  def setCoresPerWorker(value: Int): this.type = set(coresPerWorker, value)

  /** @group setParam */
  def setSeed(value: Long): this.type = set(seed, value)

  /** @group setParam */
  def setShuffle(value: Boolean): this.type = set(shuffle, value)

  /** @group setParam */
  def setEarlyStoppingPatience(value: Int): this.type = set(earlyStoppingPatience, value)

  /** @group setParam */
  def setValidationMetric(value: String): this.type = set(validationMetric, value)

  /** @group setParam */
  def setWeightCol(value: String): this.type = set(weightCol, value)

  /** @group setParam */
  def setValidationIndicatorCol(value: String): this.type = set(validationIndicatorCol, value)

  /** @group setParam */
  def setCheckpointDir(value: String): this.type = set(checkpointDir, value)

  /** @group setParam */
  def setCheckpointInterval(value: Int): this.type = set(checkpointInterval, value)

  /** @group setParam */
  def setSnapshotInterval(value: Int): this.type = set(snapshotInterval, value)

  /** @group setParam */
  def setMaxResubmissions(value: Int): this.type = set(maxResubmissions, value)

  /** @group setParam */
  def setKvStoreType(value: String): this.type = set(kvStoreType, value)

  /** @group setParam */
  def setStorageLevel(value: String): this.type = set(storageLevel, value)

  /** @group setParam */
  def setTimeout(value: Int): this.type = set(timeout, value)

  /** @group setParam */
  def setHeartbeatTimeout(value: Double): this.type = set(heartbeatTimeout, value)

  /** @group setParam */
  def setDevice(value: String): this.type = set(device, value)

  /** @group setParam */
  def setPrecision(value: String): this.type = set(precision, value)

  /** @group expertSetParam */
  def setMemoryBudget(value: Long): this.type = set(memoryBudget, value)

  /** @group setParam */
  def setShowProgress(value: Boolean): this.type = set(showProgress, value)

  /** @group setParam */
  def setSummaryDir(value: String): this.type = set(summaryDir, value)

  /** Tells a listener on the driver of each epoch. It is no Param: it is not saved, and copies of the estimator share it. */
  def setEpochListener(value: EpochListener): this.type = {
    epochListener = value
    this
  }

  /** @group setParam */
  def setPredictionBatchSize(value: Int): this.type = set(predictionBatchSize, value)

  /** @group setParam */
  def setHandleInvalid(value: String): this.type = set(handleInvalid, value)

  override protected def validateAndTransformSchema(
      schema: StructType, fitting: Boolean, featuresDataType: DataType): StructType = {
    checkCombination()
    request(schema).check(schema)
    val raw = OutputColumns.append(schema, "rawPredictionCol", $(rawPredictionCol), SQLDataTypes.VectorType)
    val prob = OutputColumns.append(raw, "probabilityCol", $(probabilityCol), SQLDataTypes.VectorType)
    OutputColumns.append(prob, "predictionCol", $(predictionCol), DataTypes.DoubleType)
  }

  private def request(schema: StructType): FitRequest = new FitRequest(
    uid,
    FeedColumns.bind(schema, $(featuresCol), $(labelCol), optional(weightCol), optional(validationIndicatorCol)),
    new FitRequest.Model(
      getNetwork, if (isDefined(inputShape)) $(inputShape) else Array.empty[Int], $(inputScale), Objective.classifier($(loss)),
      new FitRequest.Standardize($(standardizeFeatures), false),
      (if (isDefined(classWeights)) $(classWeights).toSeq else Seq.empty).map(Double.box).asJava,
      (if (isDefined(ignoredLabel)) Seq($(ignoredLabel).toDouble) else Seq.empty).map(Double.box).asJava),
    updateSettings.rule(),
    runSettings,
    $(handleInvalid) != "error",
    LiveCurve.beside(epochListener, $(showProgress)),
    paramTexts)

  /** Trains. The label's column stays as it is: MLlib's own method replaces it, and takes a dot in its name for a path. */
  override def fit(dataset: Dataset[_]): NetClassificationModel = {
    transformSchema(dataset.schema, logging = true)
    copyValues(train(dataset).setParent(this))
  }

  override protected def train(dataset: Dataset[_]): NetClassificationModel = {
    val result = runJob(dataset, request(dataset.schema))
    val thresholdsFit = !isDefined(thresholds) || $(thresholds).length == result.classes
    require(
      thresholdsFit,
      s"$uid: thresholds has ${if (isDefined(thresholds)) $(thresholds).length else 0} entries, the network has ${result.classes} classes")
    val model = new NetClassificationModel(uid, result.network, result.classes)
    model.history = Some(result.summary)
    model
  }

  override def write: MLWriter = {
    traceNetwork()
    super.write
  }

  override def copy(extra: ParamMap): NetClassifier = {
    val that = defaultCopy[NetClassifier](extra)
    that.epochListener = epochListener
    that
  }
}

/** Reads estimators that were saved. */
object NetClassifier extends MLReadable[NetClassifier] {
  override def read: MLReader[NetClassifier] =
    NetModels.estimator(classOf[NetClassifier].getName)(new NetClassifier(_))

  override def load(path: String): NetClassifier = super.load(path)
}
