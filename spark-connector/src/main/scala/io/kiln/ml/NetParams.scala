package io.kiln.ml

import io.kiln.kvstore.transport.TransportOptions
import io.kiln.spark.job.{FitRequest, FitResult, RunSettings, SettingsCheck, TrainingJob, UpdateSettings, ValidationMetric}
import io.kiln.spark.report.EpochListener
import io.kiln.spark.model.{NamedRecord, Network}
import io.kiln.spark.ui.KilnUi
import java.time.Duration
import java.util.{Optional, OptionalDouble}
import org.apache.spark.ml.param._
import org.apache.spark.ml.param.shared._
import org.apache.spark.sql.Dataset
import scala.jdk.CollectionConverters._

/** The Params of a network with one input, the features, and one output. */
trait NetFeatureParams extends NetTrainingParams with NetLossParams with NetStandardizeParams {

  /** Shape of one row's features. @group param */
  final val inputShape: IntArrayParam = new IntArrayParam(
    this, "inputShape",
    "shape of a row's features in the network, such as [1, 28, 28]; unset: one axis, as long as the row",
    (a: Array[Int]) => a.nonEmpty && a.forall(_ > 0))

  /** @group getParam */
  final def getInputShape: Array[Int] = $(inputShape)

  /** A block is saved as its graph: it is traced here, if inputShape defines the shape of a row. */
  private[ml] def traceNetwork(network: Option[AnyRef]): Unit =
    if (isDefined(inputShape)) {
      network.foreach {
        case block: Network => block.trace($(inputShape).map(_.toLong): _*)
        case _ => // JSON is saved unchanged
      }
    }
}

/** The loss of a network's output. */
trait NetLossParams extends Params {

  /** The loss that training minimizes. @group param */
  final val loss: Param[String] = new TextParam(
    this, "loss", "loss that training minimizes: a name, or a name and attributes as JSON",
    (s: String) => NamedRecord.checkLoss(s))

  /** @group getParam */
  final def getLoss: String = $(loss)
}

/** The Params of training, which a model keeps. This is the only place where their defaults are defined. */
trait NetTrainingParams
    extends NetModelParams
    with HasWeightCol
    with HasValidationIndicatorCol
    with HasSeed
    with HasCheckpointInterval {

  /** Factor on the features. @group param */
  final val inputScale: DoubleParam = new DoubleParam(
    this, "inputScale", "factor on the features, such as 1/255 for the bytes of an image",
    ParamValidators.gt(0))

  /** @group getParam */
  final def getInputScale: Double = $(inputScale)

  /** The optimizer. @group param */
  final val optimizer: Param[String] = new TextParam(
    this, "optimizer",
    "optimizer: a name (sgd, adam, …), or a name and attributes as JSON",
    (s: String) => NamedRecord.checkOptimizer(s))

  /** @group getParam */
  final def getOptimizer: String = $(optimizer)

  /** The learning rate. @group param */
  final val learningRate: DoubleParam = new DoubleParam(
    this, "learningRate", "learning rate of all steps; unset: the optimizer's default", ParamValidators.gt(0))

  /** @group getParam */
  final def getLearningRate: Double = $(learningRate)

  /** The learning rate of each step. @group param */
  final val learningRateSchedule: Param[String] = new TextParam(
    this, "learningRateSchedule",
    "learning rate as a function of the step, instead of learningRate: a schedule and its attributes as JSON",
    (s: String) => NamedRecord.checkSchedule(s))

  /** @group getParam */
  final def getLearningRateSchedule: String = $(learningRateSchedule)

  /** Weight decay. @group param */
  final val weightDecay: DoubleParam = new DoubleParam(
    this, "weightDecay", "decay of weights (not of biases and normalisations)", ParamValidators.gtEq(0))

  /** @group getParam */
  final def getWeightDecay: Double = $(weightDecay)

  /** Bound on gradient elements. @group param */
  final val gradientClipValue: DoubleParam = new DoubleParam(
    this, "gradientClipValue", "bound on the magnitude of each element of the gradient; 0: none",
    ParamValidators.gtEq(0))

  /** @group getParam */
  final def getGradientClipValue: Double = $(gradientClipValue)

  /** Bound on the gradient's norm. @group param */
  final val gradientClipNorm: DoubleParam = new DoubleParam(
    this, "gradientClipNorm", "bound on the Euclidean norm of all gradients together; 0: none",
    ParamValidators.gtEq(0))

  /** @group getParam */
  final def getGradientClipNorm: Double = $(gradientClipNorm)

  /** Moving averages of weights. @group param */
  final val emaDecay: DoubleParam = new DoubleParam(
    this, "emaDecay",
    "decay of moving averages of the weights, such as 0.999, which validation judges and the model gets in place of the last weights; 0: none",
    ParamValidators.inRange(0, 1, lowerInclusive = true, upperInclusive = false))

  /** @group getParam */
  final def getEmaDecay: Double = $(emaDecay)

  /** Beginning of stochastic weight averaging. @group param */
  final val swaStart: IntParam = new IntParam(
    this, "swaStart",
    "epoch from whose end on weights and running statistics are averaged equally, once an epoch (stochastic weight averaging): validation judges the averages, and the model gets them; 0: none",
    ParamValidators.gtEq(0))

  /** @group getParam */
  final def getSwaStart: Int = $(swaStart)

  /** Mix-up. @group param */
  final val mixup: DoubleParam = new DoubleParam(
    this, "mixup",
    "mix-up of rows in training: each is mixed with another one, with a weight from the distribution Beta(mixup, mixup), such as 0.2; 0: none",
    ParamValidators.gtEq(0))

  /** @group getParam */
  final def getMixup: Double = $(mixup)

  /** Parts of a batch. @group param */
  final val gradientAccumulation: IntParam = new IntParam(
    this, "gradientAccumulation",
    "number of parts of a worker's batch whose gradients are computed one after another and added: as many times less memory for intermediate results",
    ParamValidators.gt(0))

  /** @group getParam */
  final def getGradientAccumulation: Int = $(gradientAccumulation)

  /** Rows per step. @group param */
  final val batchSize: IntParam = new IntParam(
    this, "batchSize",
    "rows per step, over all workers; unset: 16 to 128, depending on the number of training rows", ParamValidators.gt(0))

  /** @group getParam */
  final def getBatchSize: Int = $(batchSize)

  /** Passes over the data. @group param */
  final val maxEpochs: IntParam = new IntParam(
    this, "maxEpochs",
    "maximum number of passes over the training rows; unset: 10 to 100, more for fewer rows", ParamValidators.gt(0))

  /** @group getParam */
  final def getMaxEpochs: Int = $(maxEpochs)

  /** Tasks that train. @group param */
  final val numWorkers: IntParam = new IntParam(
    this, "numWorkers", "number of tasks that train together, each with its own engine", ParamValidators.gt(0))

  /** @group getParam */
  final def getNumWorkers: Int = $(numWorkers)

  /** Cores of a worker. @group param */
  final val coresPerWorker: IntParam = new IntParam(
    this, "coresPerWorker", "cores, and engine threads, per worker; 0: spark.task.cpus", ParamValidators.gtEq(0))

  /** @group getParam */
  final def getCoresPerWorker: Int = $(coresPerWorker)

  /** Whether rows are shuffled. @group param */
  final val shuffle: BooleanParam = new BooleanParam(
    this, "shuffle", "whether each epoch uses the rows in another order, which depends on seed and epoch")

  /** @group getParam */
  final def getShuffle: Boolean = $(shuffle)

  /** Epochs without improvement. @group param */
  final val earlyStoppingPatience: IntParam = new IntParam(
    this, "earlyStoppingPatience",
    "number of epochs without improvement of validationMetric after which training stops, with the best epoch's weights; 0: never",
    ParamValidators.gtEq(0))

  /** @group getParam */
  final def getEarlyStoppingPatience: Int = $(earlyStoppingPatience)

  /** The metric for early stopping. @group param */
  final val validationMetric: Param[String] = new TextParam(
    this, "validationMetric",
    "metric for early stopping: \"loss\", or one that suits the loss: accuracy, top5, f1, mcc or auc of classes, mae, mse, rmse or pearson of numbers, ndcg or map of lists; of networks that train several outputs, the output and its metric, such as stars:rmse",
    (s: String) => ValidationMetric.check(s))

  /** @group getParam */
  final def getValidationMetric: String = $(validationMetric)

  /** Directory for checkpoints. @group param */
  final val checkpointDir: Param[String] = new TextParam(
    this, "checkpointDir",
    "directory for checkpoints, which outlive the application: fitting the same rows with the same Params resumes from them; empty: none")

  /** @group getParam */
  final def getCheckpointDir: String = $(checkpointDir)

  /** Steps between snapshots. @group param */
  final val snapshotInterval: IntParam = new IntParam(
    this, "snapshotInterval",
    "steps between snapshots on the executors, from which training resumes after one is lost; 0: at the end of each epoch",
    ParamValidators.gtEq(0))

  /** @group getParam */
  final def getSnapshotInterval: Int = $(snapshotInterval)

  /** Resubmissions. @group param */
  final val maxResubmissions: IntParam = new IntParam(
    this, "maxResubmissions",
    "maximum number of consecutive resubmissions without progress after executors were lost",
    ParamValidators.gtEq(0))

  /** @group getParam */
  final def getMaxResubmissions: Int = $(maxResubmissions)

  /** How workers exchange gradients. @group param */
  final val kvStoreType: Param[String] = new TextParam(
    this, "kvStoreType", "how workers exchange gradients: distSync, or local for one worker",
    ParamValidators.inArray(Array("local", "distSync")))

  /** @group getParam */
  final def getKvStoreType: String = $(kvStoreType)

  /** Where packed rows are stored. @group param */
  final val storageLevel: Param[String] = new TextParam(
    this, "storageLevel", "where Spark stores the packed rows: the name of a StorageLevel, not NONE; workers read rows that are not stored as objects in memory from files in spark.local.dir",
    (s: String) => SettingsCheck.isStorageLevel(s))

  /** @group getParam */
  final def getStorageLevel: String = $(storageLevel)

  /** Longest wait. @group param */
  final val timeout: IntParam = new IntParam(
    this, "timeout", "maximum seconds of any wait, for another worker or for free slots", ParamValidators.gt(0))

  /** @group getParam */
  final def getTimeout: Int = $(timeout)

  /** Longest silence of a worker. @group param */
  final val heartbeatTimeout: DoubleParam = new DoubleParam(
    this, "heartbeatTimeout",
    "seconds of silence after which a worker is considered dead, at most timeout; allow more if garbage collections take longer",
    ParamValidators.gtEq(0.1))

  /** @group getParam */
  final def getHeartbeatTimeout: Double = $(heartbeatTimeout)

  /** Precision of the arithmetic. @group param */
  final val precision: Param[String] = new TextParam(
    this, "precision",
    "dtype of matrix products and convolutions in training: float32; or bfloat16 or float16 with float32 weights, statistics, losses and updates (in float16 losses are scaled, and all workers skip steps whose gradients overflow)",
    ParamValidators.inArray(Array("float32", "bfloat16", "float16")))

  /** @group getParam */
  final def getPrecision: String = $(precision)

  /** Bound on the memory of a step. @group expertParam */
  final val memoryBudget: LongParam = new LongParam(
    this, "memoryBudget",
    "maximum bytes of the intermediate results of a worker's training step; beyond that they are recomputed for the backward pass instead of kept, which costs time but does not change results; 0: no bound",
    ParamValidators.gtEq(0L))

  /** @group expertGetParam */
  final def getMemoryBudget: Long = $(memoryBudget)

  /** Progress bar. @group param */
  final val showProgress: BooleanParam = new BooleanParam(
    this, "showProgress", "whether to show a progress bar if the driver runs in a terminal")

  /** @group getParam */
  final def getShowProgress: Boolean = $(showProgress)

  /** Directory for TensorBoard files. @group param */
  final val summaryDir: Param[String] = new TextParam(
    this, "summaryDir",
    "directory for TensorBoard files, with one run per fit: losses, metric, throughput, histograms of weights and gradients, the graph; empty: none")

  /** @group getParam */
  final def getSummaryDir: String = $(summaryDir)

  setDefault(
    inputScale -> 1.0,
    optimizer -> "adam",
    weightDecay -> 0.0,
    gradientClipValue -> 0.0,
    gradientClipNorm -> 0.0,
    emaDecay -> 0.0,
    swaStart -> 0,
    mixup -> 0.0,
    gradientAccumulation -> 1,
    numWorkers -> 1,
    coresPerWorker -> 0,
    shuffle -> true,
    earlyStoppingPatience -> 0,
    validationMetric -> "loss",
    checkpointDir -> "",
    checkpointInterval -> 1,
    snapshotInterval -> 0,
    maxResubmissions -> 3,
    kvStoreType -> "distSync",
    storageLevel -> "MEMORY_AND_DISK",
    timeout -> 600,
    heartbeatTimeout -> TransportOptions.DEFAULT.heartbeatTimeout.toMillis / 1000.0,
    precision -> "float32",
    memoryBudget -> 0L,
    showProgress -> true,
    summaryDir -> "")

  private def orAuto(param: IntParam): Int = if (isDefined(param)) $(param) else RunSettings.AUTO

  private[ml] def optional(param: Param[String]): String = if (isDefined(param)) $(param) else ""

  private[ml] def updateSettings: UpdateSettings = new UpdateSettings(
    $(optimizer),
    if (isDefined(learningRate)) OptionalDouble.of($(learningRate)) else OptionalDouble.empty,
    if (isDefined(learningRateSchedule)) Optional.of($(learningRateSchedule)) else Optional.empty[String],
    $(weightDecay),
    $(gradientClipValue),
    $(gradientClipNorm))

  private[ml] def runSettings: RunSettings = new RunSettings(
    new RunSettings.Cluster(
      $(numWorkers), $(coresPerWorker), $(device), $(kvStoreType), $(storageLevel),
      new RunSettings.Patience(
        Duration.ofSeconds($(timeout).toLong), Duration.ofMillis(Math.round(1000 * $(heartbeatTimeout))), $(maxResubmissions))),
    new RunSettings.Epochs(
      orAuto(batchSize), orAuto(maxEpochs), $(seed), $(shuffle),
      new RunSettings.EarlyStopping($(earlyStoppingPatience), $(validationMetric)),
      new RunSettings.Arithmetic($(precision), $(memoryBudget), $(gradientAccumulation)),
      new RunSettings.Smoothing($(emaDecay), $(swaStart), $(mixup))),
    new RunSettings.Saves($(checkpointDir), $(checkpointInterval), $(snapshotInterval)),
    new RunSettings.Watching($(showProgress), $(summaryDir)))
}

/** The Params of estimators that train a network. */
trait NetParams extends NetTrainingParams with NetTransferParams {

  private val LongestText = 1000

  private[ml] var epochListener: EpochListener = EpochListener.NONE

  private[ml] def learned: Network = learned($(inputScale))

  /** The Params by name, as JSON for display, with long values truncated. The network is not included: it is drawn. */
  private[ml] def paramTexts: java.util.Map[String, String] =
    params.filter(p => isDefined(p) && isShown(p)).map { p =>
      val json = p.asInstanceOf[Param[Any]].jsonEncode($(p.asInstanceOf[Param[Any]]))
      p.name -> (if (json.length > LongestText) json.take(LongestText) + "…" else json)
    }.toMap.asJava

  private def isShown(p: Param[_]): Boolean =
    p.name != network.name && (p.name != initialModel.name || $(initialModel).isInstanceOf[String])

  /** Trains, with the tab in Spark's UI attached. */
  private[ml] def runJob(dataset: Dataset[_], request: FitRequest): FitResult = {
    KilnUi.attach(dataset.sparkSession.sparkContext)
    try TrainingJob.run(dataset, request)
    finally forgetInitialModel()
  }

  /** Rejects contradictory Params. */
  private[ml] def checkCombination(): Unit = {
    if (!isDefined(network) && !isDefined(initialModel)) {
      throw new IllegalArgumentException(s"$uid: no network to train; call setNetwork, or set initialModel to a model")
    }
    if (isSet(learningRate) && isSet(learningRateSchedule)) {
      throw new IllegalArgumentException(
        s"$uid: learningRate and learningRateSchedule are both set; the schedule defines the rate, clear one of them")
    }
    if (isSet(checkpointInterval) && $(checkpointDir).isEmpty) {
      throw new IllegalArgumentException(s"$uid: checkpointInterval is set, but checkpointDir is not; set both")
    }
    SettingsCheck.check(uid, runSettings, optional(validationIndicatorCol).nonEmpty)
    updateSettings.rule()
    ()
  }
}
