package io.kiln.ml

import io.kiln.spark.model._
import io.kiln.spark.plan.{Predictions, RowPrediction}
import org.apache.spark.ml.classification.ProbabilisticClassificationModel
import org.apache.spark.ml.linalg.{DenseMatrix, DenseVector, Matrix, SQLDataTypes, Vector, Vectors}
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{MLReadable, MLReader, MLWritable, MLWriter}
import org.apache.spark.sql.{DataFrame, Dataset}
import org.apache.spark.sql.types.{DataType, DataTypes, StructType}

import scala.jdk.CollectionConverters._

/** A trained network that predicts classes; made by [[NetClassifier]]. */
class NetClassificationModel private[ml] (
    override val uid: String, private[ml] val sentNetwork: SentOnce[TrainedNetwork], override val numClasses: Int)
    extends ProbabilisticClassificationModel[Vector, NetClassificationModel]
    with NetClassifierParams
    with NetModelSetters[NetClassificationModel]
    with NetFeaturesColsSetters[NetClassificationModel]
    with HasTrainingHistory
    with HasTrainedNetwork
    with MLWritable {

  private[ml] def this(uid: String, network: TrainedNetwork, numClasses: Int) =
    this(uid, new SentOnce(network), numClasses)

  /** Never called, but required by the service loader, through which Spark Connect finds the class. */
  private[ml] def this() = this("", null: SentOnce[TrainedNetwork], 0)

  /** The network with its weights. */
  def trainedNetwork: TrainedNetwork = sentNetwork.value

  override lazy val numFeatures: Int = trainedNetwork.width

  override protected def validateAndTransformSchema(
      schema: StructType, fitting: Boolean, featuresDataType: DataType): StructType = {
    features(schema).check(numFeatures)
    val raw = OutputColumns.append(schema, "rawPredictionCol", $(rawPredictionCol), SQLDataTypes.VectorType)
    val prob = OutputColumns.append(raw, "probabilityCol", $(probabilityCol), SQLDataTypes.VectorType)
    OutputColumns.append(prob, "predictionCol", $(predictionCol), DataTypes.DoubleType)
  }

  override def transform(dataset: Dataset[_]): DataFrame = {
    val schema = transformSchema(dataset.schema, logging = true)
    if (isDefined(thresholds)) {
      require(
        $(thresholds).length == numClasses,
        s"$uid: thresholds has ${$(thresholds).length} entries, the model has $numClasses classes")
    }
    val added = Seq($(rawPredictionCol), $(probabilityCol), $(predictionCol)).filter(_.nonEmpty)
    if (added.isEmpty) {
      logWarning(s"$uid: transform adds nothing: no output column is set")
      dataset.toDF()
    } else {
      val output = new ClassOutput(
        $(rawPredictionCol).nonEmpty,
        $(probabilityCol).nonEmpty,
        $(predictionCol).nonEmpty,
        (if (isDefined(thresholds)) $(thresholds) else Array.empty[Double]): _*)
      Predictions.add(dataset, schema, added.asJava, rowPrediction(dataset, output))
    }
  }

  override def predictRaw(features: Vector): Vector = {
    val outputs = NetModels.predict(trainedNetwork, features, $(handleInvalid))
    Vectors.dense(ClassOutput.scores(outputs, 0, outputs.length))
  }

  override protected def raw2probabilityInPlace(raw: Vector): Vector = raw match {
    case v: DenseVector =>
      val p = ClassOutput.probabilities(v.values: _*)
      System.arraycopy(p, 0, v.values, 0, p.length)
      v
    case v => throw new IllegalArgumentException(s"raw2probability: needs a dense vector, got $v")
  }

  /** Class probabilities for the rows of a matrix, computed on the driver: shape [rows, numClasses]. */
  def predictProbabilities(rows: Matrix): Matrix = {
    val outputs = NetModels.predict(trainedNetwork, rows, $(handleInvalid), $(predictionBatchSize))
    val perRow = trainedNetwork.outputs
    val values = (0 until rows.numRows).flatMap { i =>
      ClassOutput.probabilities(ClassOutput.scores(outputs, i * perRow, perRow): _*)
    }
    new DenseMatrix(rows.numRows, numClasses, values.toArray, true)
  }

  /** Predicts the classes of the rows of a matrix on the driver: one element each. */
  def predictAll(rows: Matrix): Vector =
    Vectors.dense(predictProbabilities(rows).rowIter.map(probability2prediction).toArray)

  private def rowPrediction(dataset: Dataset[_], output: Output) = new RowPrediction(
    uid, sentNetwork.on(dataset.sparkSession), NetModels.field(features(dataset.schema), numFeatures), $(predictionBatchSize), $(device),
    InvalidRows.of($(handleInvalid)), output)

  /**
   * A copy with calibrated probabilities: scores are divided by the temperature with which the labels of these rows are
   * most probable. Give it rows that were not trained on; predictions stay, unless `thresholds` is set.
   */
  def calibrate(dataset: Dataset[_]): NetClassificationModel = {
    val temperature = ClassTemperature.of(this, dataset, get(ignoredLabel))
    val that = copyValues(
      new NetClassificationModel(uid, Calibration.scaled(trainedNetwork, temperature), numClasses), ParamMap.empty)
    that.takeHistory(this)
    that.setParent(parent)
  }

  override def copy(extra: ParamMap): NetClassificationModel = {
    val that = copyValues(new NetClassificationModel(uid, sentNetwork, numClasses), extra)
    that.takeHistory(this)
    that.setParent(parent)
  }

  override def write: MLWriter = NetModels.writer(this, trainedNetwork, _.put("numClasses", numClasses))

  override def toString: String =
    s"NetClassificationModel: uid=$uid, numClasses=$numClasses, numFeatures=$numFeatures"
}

/** Reads saved models. */
object NetClassificationModel extends MLReadable[NetClassificationModel] {
  override def read: MLReader[NetClassificationModel] =
    NetModels.reader(classOf[NetClassificationModel].getName) { (uid, saved) =>
      new NetClassificationModel(uid, saved.network.withOneInput, saved.classes)
    }

  override def load(path: String): NetClassificationModel = super.load(path)
}
