package io.kiln.ml

import io.kiln.kvstore.transport.TransportOptions
import io.kiln.spark.job.{EpochListener, FitRequest, FitResult, RunSettings, SettingsCheck, TrainingJob, UpdateSettings, ValidationMetric}
import io.kiln.spark.model.{NamedRecord, Network}
import io.kiln.spark.ui.KilnUi
import java.time.Duration
import org.apache.spark.ml.param._
import org.apache.spark.ml.param.shared._
import org.apache.spark.sql.Dataset
import scala.jdk.CollectionConverters._

/** The Params that say how a network is trained, which a model keeps. Each default is stated here and nowhere else. */
trait NetTrainingParams
    extends NetModelParams
    with HasWeightCol
    with HasValidationIndicatorCol
    with HasSeed
    with HasCheckpointInterval {

  /** Shape of one row's features. @group param */
  final val inputShape: IntArrayParam = new IntArrayParam(
    this, "inputShape",
    "shape in which the network gets a row's features, such as [1, 28, 28]; unset: one axis, as long as the row",
    (a: Array[Int]) => a.nonEmpty && a.forall(_ > 0))

  /** @group getParam */
  final def getInputShape: Array[Int] = $(inputShape)

  /** Factor on the features. @group param */
  final val inputScale: DoubleParam = new DoubleParam(
    this, "inputScale", "factor by which features are multiplied, such as 1/255 for bytes of an image",
    ParamValidators.gt(0))

  /** @group getParam */
  final def getInputScale: Double = $(inputScale)

  /** Whether features are standardised. @group param */
  final val standardizeFeatures: BooleanParam = new BooleanParam(
    this, "standardizeFeatures",
    "whether the network takes each feature's mean away and divides by its standard deviation; both are those of the training rows and become part of the network")

  /** @group getParam */
  final def getStandardizeFeatures: Boolean = $(standardizeFeatures)

  /** What training makes small. @group param */
  final val loss: Param[String] = new TextParam(
    this, "loss", "what training makes small: a loss by name, or by name and attributes as JSON",
    (s: String) => NamedRecord.checkLoss(s))

  /** @group getParam */
  final def getLoss: String = $(loss)

  /** How weights follow their gradients. @group param */
  final val optimizer: Param[String] = new TextParam(
    this, "optimizer",
    "how weights follow gradients: an optimizer by name (sgd, adam, …), or by name and attributes as JSON",
    (s: String) => NamedRecord.checkOptimizer(s))

  /** @group getParam */
  final def getOptimizer: String = $(optimizer)

  /** Step size. @group param */
  final val learningRate: DoubleParam = new DoubleParam(
    this, "learningRate", "learning rate of every step; unset: the optimizer's own default", ParamValidators.gt(0))

  /** @group getParam */
  final def getLearningRate: Double = $(learningRate)

  /** Step size of each step. @group param */
  final val learningRateSchedule: Param[String] = new TextParam(
    this, "learningRateSchedule",
    "learning rate as a function of the step: a schedule with its attributes as JSON; instead of learningRate",
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

  /** Rows of a step. @group param */
  final val batchSize: IntParam = new IntParam(
    this, "batchSize",
    "rows of each step, of all workers together; unset: 16 to 128, by the number of training rows", ParamValidators.gt(0))

  /** @group getParam */
  final def getBatchSize: Int = $(batchSize)

  /** Passes over the data. @group param */
  final val maxEpochs: IntParam = new IntParam(
    this, "maxEpochs",
    "passes over the training rows, at most; unset: 10 to 100, more for fewer rows", ParamValidators.gt(0))

  /** @group getParam */
  final def getMaxEpochs: Int = $(maxEpochs)

  /** Tasks that train. @group param */
  final val numWorkers: IntParam = new IntParam(
    this, "numWorkers", "tasks that train together, each with an engine of its own", ParamValidators.gt(0))

  /** @group getParam */
  final def getNumWorkers: Int = $(numWorkers)

  /** Cores of a worker. @group param */
  final val coresPerWorker: IntParam = new IntParam(
    this, "coresPerWorker", "cores, and engine threads, of a worker; 0: spark.task.cpus", ParamValidators.gtEq(0))

  /** @group getParam */
  final def getCoresPerWorker: Int = $(coresPerWorker)

  /** Whether rows are shuffled. @group param */
  final val shuffle: BooleanParam = new BooleanParam(
    this, "shuffle", "whether each epoch takes the rows in another order, which follows from seed and epoch")

  /** @group getParam */
  final def getShuffle: Boolean = $(shuffle)

  /** Epochs without improvement. @group param */
  final val earlyStoppingPatience: IntParam = new IntParam(
    this, "earlyStoppingPatience",
    "training ends after so many epochs in which validationMetric did not improve, with the best epoch's weights; 0: never",
    ParamValidators.gtEq(0))

  /** @group getParam */
  final def getEarlyStoppingPatience: Int = $(earlyStoppingPatience)

  /** What early stopping looks at. @group param */
  final val validationMetric: Param[String] = new TextParam(
    this, "validationMetric", "what early stopping looks at: \"loss\", or a metric by name",
    (s: String) => ValidationMetric.check(s))

  /** @group getParam */
  final def getValidationMetric: String = $(validationMetric)

  /** Where checkpoints go. @group param */
  final val checkpointDir: Param[String] = new TextParam(
    this, "checkpointDir",
    "directory for checkpoints, which outlive the application: fitting the same rows with the same Params goes on from them; empty: none")

  /** @group getParam */
  final def getCheckpointDir: String = $(checkpointDir)

  /** Steps between snapshots. @group param */
  final val snapshotInterval: IntParam = new IntParam(
    this, "snapshotInterval",
    "steps between snapshots, kept in executors, from which training goes on after one is lost; 0: at the end of each epoch",
    ParamValidators.gtEq(0))

  /** @group getParam */
  final def getSnapshotInterval: Int = $(snapshotInterval)

  /** Resubmissions. @group param */
  final val maxResubmissions: IntParam = new IntParam(
    this, "maxResubmissions",
    "how often in a row, without progress in between, training goes on after executors were lost, at most",
    ParamValidators.gtEq(0))

  /** @group getParam */
  final def getMaxResubmissions: Int = $(maxResubmissions)

  /** How workers exchange gradients. @group param */
  final val kvStoreType: Param[String] = new TextParam(
    this, "kvStoreType", "how workers exchange gradients: distSync, or local for one worker",
    ParamValidators.inArray(Array("local", "distSync")))

  /** @group getParam */
  final def getKvStoreType: String = $(kvStoreType)

  /** Where packed rows are kept. @group param */
  final val storageLevel: Param[String] = new TextParam(
    this, "storageLevel", "where Spark keeps the packed rows: the name of a StorageLevel, not NONE; what it does not hold as objects in memory, workers read from files in spark.local.dir",
    (s: String) => SettingsCheck.isStorageLevel(s))

  /** @group getParam */
  final def getStorageLevel: String = $(storageLevel)

  /** Longest wait. @group param */
  final val timeout: IntParam = new IntParam(
    this, "timeout", "seconds that any wait may take, for another worker or for free slots", ParamValidators.gt(0))

  /** @group getParam */
  final def getTimeout: Int = $(timeout)

  /** Longest silence of a worker. @group param */
  final val heartbeatTimeout: DoubleParam = new DoubleParam(
    this, "heartbeatTimeout",
    "seconds without a sign of life after which a worker is taken for dead, at most timeout; workers whose garbage collections take longer need more",
    ParamValidators.gtEq(0.1))

  /** @group getParam */
  final def getHeartbeatTimeout: Double = $(heartbeatTimeout)

  /** Device. @group param */
  final val device: Param[String] = new TextParam(
    this, "device", "what engines run on: cpu", ParamValidators.inArray(Array("cpu")))

  /** @group getParam */
  final def getDevice: String = $(device)

  /** Type of the arithmetic. @group param */
  final val precision: Param[String] = new TextParam(
    this, "precision",
    "type in which matrix products and convolutions compute while training: float32; or bfloat16 or float16 with float32 weights, statistics, losses and updates (in float16 losses are scaled, and steps whose gradients overflow are left out by all workers)",
    ParamValidators.inArray(Array("float32", "bfloat16", "float16")))

  /** @group getParam */
  final def getPrecision: String = $(precision)

  /** Bound on the memory of a step. @group expertParam */
  final val memoryBudget: LongParam = new LongParam(
    this, "memoryBudget",
    "most bytes that the values inside a training step of a worker may take; above it they are computed again for the backward pass instead of being kept, which costs time and changes no result; 0 for no bound",
    ParamValidators.gtEq(0L))

  /** @group expertGetParam */
  final def getMemoryBudget: Long = $(memoryBudget)

  /** Progress bar. @group param */
  final val showProgress: BooleanParam = new BooleanParam(
    this, "showProgress", "whether the driver's terminal shows a progress bar; never when it is no terminal")

  /** @group getParam */
  final def getShowProgress: Boolean = $(showProgress)

  /** Where TensorBoard's files go. @group param */
  final val summaryDir: Param[String] = new TextParam(
    this, "summaryDir",
    "directory for files that TensorBoard reads, each fit a run below it: losses, metric, speed, histograms of weights and gradients, the graph; empty: none")

  /** @group getParam */
  final def getSummaryDir: String = $(summaryDir)

  setDefault(
    inputScale -> 1.0,
    standardizeFeatures -> false,
    optimizer -> "adam",
    weightDecay -> 0.0,
    gradientClipValue -> 0.0,
    gradientClipNorm -> 0.0,
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
    device -> "cpu",
    precision -> "float32",
    memoryBudget -> 0L,
    showProgress -> true,
    summaryDir -> "")

  /** The value, or 0 for one that the fit chooses. */
  private def chosen(param: IntParam): Int = if (isDefined(param)) $(param) else 0

  private[ml] def optional(param: Param[String]): String = if (isDefined(param)) $(param) else ""

  private[ml] def updateSettings: UpdateSettings = new UpdateSettings(
    $(optimizer),
    if (isDefined(learningRate)) $(learningRate) else 0.0,
    optional(learningRateSchedule),
    $(weightDecay),
    $(gradientClipValue),
    $(gradientClipNorm))

  private[ml] def runSettings: RunSettings = new RunSettings(
    new RunSettings.Cluster(
      $(numWorkers), $(coresPerWorker), $(device), $(kvStoreType), $(storageLevel),
      new RunSettings.Patience(
        Duration.ofSeconds($(timeout).toLong), Duration.ofMillis(Math.round(1000 * $(heartbeatTimeout))), $(maxResubmissions))),
    new RunSettings.Epochs(
      chosen(batchSize), chosen(maxEpochs), $(seed), $(shuffle),
      new RunSettings.EarlyStopping($(earlyStoppingPatience), $(validationMetric)),
      new RunSettings.Arithmetic($(precision), $(memoryBudget))),
    new RunSettings.Saves($(checkpointDir), $(checkpointInterval), $(snapshotInterval)),
    new RunSettings.Watching($(showProgress), $(summaryDir)))
}

/** The Params of estimators that train a network. */
trait NetParams extends NetTrainingParams {

  private val LongestText = 1000

  private[ml] var epochListener: EpochListener = EpochListener.NONE

  /** The network to train. @group param */
  final val network: NetworkParam = new NetworkParam(
    this, "network", "the network: a Block, or layers or a graph as JSON; setNetwork takes each")

  /** @group getParam */
  final def getNetwork: Network = $(network) match {
    case given: Network => given
    case json => Network.fromJson(json.toString)
  }

  /** The Params by name, as JSON, long ones cut off: for people. The network is drawn instead. */
  private[ml] def paramTexts: java.util.Map[String, String] =
    params.filter(p => p.name != network.name && isDefined(p)).map { p =>
      val json = p.asInstanceOf[Param[Any]].jsonEncode($(p.asInstanceOf[Param[Any]]))
      p.name -> (if (json.length > LongestText) json.take(LongestText) + "…" else json)
    }.toMap.asJava

  /** Trains, where the tab of Spark's UI shows it. */
  private[ml] def runJob(dataset: Dataset[_], request: FitRequest): FitResult = {
    KilnUi.attach(dataset.sparkSession.sparkContext)
    TrainingJob.run(dataset, request)
  }

  /** A block is saved as its graph: traced here, where inputShape tells the shape of a row. */
  private[ml] def traceNetwork(): Unit =
    if (isDefined(inputShape)) {
      get(network).foreach {
        case block: Network => block.trace($(inputShape).map(_.toLong): _*)
        case _ => // JSON is saved as it is
      }
    }

  /** Refuses Params that do not go together. */
  private[ml] def checkCombination(): Unit = {
    if (!isDefined(network)) {
      throw new IllegalArgumentException(s"$uid: no network to train; call setNetwork")
    }
    if (isSet(learningRate) && isSet(learningRateSchedule)) {
      throw new IllegalArgumentException(
        s"$uid: learningRate and learningRateSchedule are both set; the schedule states the rate, clear one of them")
    }
    if (isSet(checkpointInterval) && $(checkpointDir).isEmpty) {
      throw new IllegalArgumentException(s"$uid: checkpointInterval is set, but checkpointDir is not; set both")
    }
    SettingsCheck.check(uid, runSettings, optional(validationIndicatorCol))
    updateSettings.rule()
    ()
  }
}
