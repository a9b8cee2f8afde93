package io.kiln.ml

import io.kiln.spark.feed.FeedColumns
import io.kiln.spark.job.{FitRequest, Objective, TrainingJob}
import io.kiln.spark.model.OutputColumns
import org.apache.spark.ml.classification.ProbabilisticClassifier
import org.apache.spark.ml.linalg.{SQLDataTypes, Vector}
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{DefaultParamsReadable, DefaultParamsWritable, Identifiable}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.types.{DataType, DataTypes, StructType}

/** Trains a network that tells classes apart.
  *
  * Labels are 0, 1, …, K-1. The network gives K scores per row (logits: no softmax at its end) for loss softmaxCrossEntropy,
  * or a single one, for two classes, for loss sigmoidBinaryCrossEntropy. Features are vectors, arrays of floats or doubles,
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
    with NetSetters[NetClassifier]
    with DefaultParamsWritable {

  /** An estimator with a random uid. */
  def this() = this(Identifiable.randomUID("netClassifier"))

  setDefault(loss -> "softmaxCrossEntropy")

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
      getNetwork, if (isDefined(inputShape)) $(inputShape) else Array.empty[Int], $(inputScale), Objective.classifier($(loss))),
    updateSettings.rule(),
    runSettings)

  override protected def train(dataset: Dataset[_]): NetClassificationModel = {
    val result = TrainingJob.run(dataset, request(dataset.schema))
    val thresholdsFit = !isDefined(thresholds) || $(thresholds).length == result.classes
    require(
      thresholdsFit,
      s"$uid: thresholds has ${if (isDefined(thresholds)) $(thresholds).length else 0} entries, the network has ${result.classes} classes")
    val model = new NetClassificationModel(uid, result.network, result.classes)
    model.history = Some(result.summary)
    model
  }

  override def copy(extra: ParamMap): NetClassifier = defaultCopy(extra)
}

/** Reads estimators that were saved. */
object NetClassifier extends DefaultParamsReadable[NetClassifier] {
  override def load(path: String): NetClassifier = super.load(path)
}
