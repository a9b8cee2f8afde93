package io.kiln.ml

import io.kiln.spark.feed.FeedColumns
import io.kiln.spark.job.{FitRequest, LabelWork, Objective}
import io.kiln.spark.model.OutputColumns
import io.kiln.spark.notebook.LiveCurve
import org.apache.spark.ml.classification.ProbabilisticClassifier
import org.apache.spark.ml.linalg.{SQLDataTypes, Vector}
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader, MLWriter}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.{DataType, DataTypes, StructType}

import scala.jdk.CollectionConverters._

/**
 * Trains a network that predicts classes.
 *
 * Labels are 0, 1, …, K-1. The network has K outputs per row (logits, without a final softmax) for
 * loss softmaxCrossEntropy, or a single one, for two classes, for loss sigmoidBce. Features are a vector, a number or
 * boolean, an array of these, or binary (one unsigned byte each, with inputShape set);
 * or several columns (featuresCols) of numbers, vectors and arrays.
 *
 * {{{
 * val net = new Sequential(new Dense(128, Activation.RELU), new Dense(10))
 * val model = new NetClassifier().setNetwork(net).setMaxEpochs(5).fit(train)
 * model.transform(test)
 * }}}
 */
class NetClassifier(override val uid: String)
    extends ProbabilisticClassifier[Vector, NetClassifier, NetClassificationModel]
    with NetFeatureSetters[NetClassifier]
    with NetClassifierSetters[NetClassifier]
    with NetFeaturesColsSetters[NetClassifier]
    with DefaultParamsWritable {

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("netClassifier"))

  setDefault(loss -> "softmaxCrossEntropy")

  private def smoothedLoss: String = Objective.smoothed($(loss), $(labelSmoothing))

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
    new LabelWork(
      new LabelWork.Data(
        FeedColumns.bind(schema, features(schema), $(labelCol), optional(weightCol), optional(validationIndicatorCol)),
        $(handleInvalid) != "error"),
      new LabelWork.Model(
        learned, if (isDefined(inputShape)) $(inputShape) else Array.empty[Int], $(inputScale), Objective.classifier(smoothedLoss),
        new LabelWork.Standardize($(standardizeFeatures), false),
        (if (isDefined(classWeights)) $(classWeights).toSeq else Seq.empty).map(Double.box).asJava,
        (if (isDefined(ignoredLabel)) Seq($(ignoredLabel).toDouble) else Seq.empty).map(Double.box).asJava)),
    updateSettings.rule(),
    runSettings,
    LiveCurve.beside(epochListener, $(showProgress)),
    paramTexts)

  /**
   * Trains the network. The label column is not modified: MLlib's own method would replace it, and would interpret a
   * dot in its name as a path.
   */
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
    traceNetwork(get(network))
    super.write
  }

  /**
   * Trains a model on, from its weights, on new rows: a short form for `setInitialModel(model)` without a network of its
   * own. Params are those of this estimator, and the model's network keeps its standardisation.
   */
  def continueFit(dataset: Dataset[_], model: NetClassificationModel): NetClassificationModel =
    copy(ParamMap.empty).clear(network).clear(reinitialized).setInitialModel(model).fit(dataset)

  override def copy(extra: ParamMap): NetClassifier = {
    val that = defaultCopy[NetClassifier](extra)
    that.epochListener = epochListener
    that
  }
}

/** Reads saved estimators. */
object NetClassifier extends MLReadable[NetClassifier] {
  override def read: MLReader[NetClassifier] =
    NetModels.estimator(classOf[NetClassifier].getName)(new NetClassifier(_))

  override def load(path: String): NetClassifier = super.load(path)
}
