package io.kiln.ml

import io.kiln.spark.model._
import io.kiln.spark.plan.{Predictions, RowPrediction}
import org.apache.spark.ml.linalg.{Matrix, Vector, Vectors}
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.regression.RegressionModel
import org.apache.spark.ml.util.{MLReadable, MLReader, MLWritable, MLWriter}
import org.apache.spark.sql.{DataFrame, Dataset}
import org.apache.spark.sql.types.{DataType, DataTypes, StructType}

import scala.jdk.CollectionConverters._

/** A trained network that predicts a number; made by [[NetRegressor]]. */
class NetRegressionModel private[ml] (override val uid: String, private[ml] val sentNetwork: SentOnce[TrainedNetwork])
    extends RegressionModel[Vector, NetRegressionModel]
    with NetRegressorParams
    with NetModelSetters[NetRegressionModel]
    with NetFeaturesColsSetters[NetRegressionModel]
    with HasTrainingHistory
    with HasTrainedNetwork
    with MLWritable {

  private[ml] def this(uid: String, network: TrainedNetwork) = this(uid, new SentOnce(network))

  /** Never called, but required by the service loader, through which Spark Connect finds the class. */
  private[ml] def this() = this("", null: SentOnce[TrainedNetwork])

  /** The network with its weights. */
  def trainedNetwork: TrainedNetwork = sentNetwork.value

  override lazy val numFeatures: Int = trainedNetwork.width

  override protected def validateAndTransformSchema(
      schema: StructType, fitting: Boolean, featuresDataType: DataType): StructType = {
    features(schema).check(numFeatures)
    OutputColumns.append(schema, "predictionCol", $(predictionCol), DataTypes.DoubleType)
  }

  override def transform(dataset: Dataset[_]): DataFrame = {
    val schema = transformSchema(dataset.schema, logging = true)
    if ($(predictionCol).isEmpty) {
      logWarning(s"$uid: transform adds nothing: predictionCol is empty")
      dataset.toDF()
    } else {
      Predictions.add(dataset, schema, Seq($(predictionCol)).asJava, rowPrediction(dataset, new NumberOutput))
    }
  }

  override def predict(features: Vector): Double = NetModels.predict(trainedNetwork, features, $(handleInvalid))(0).toDouble

  /** Predicts the rows of a matrix on the driver: one element each. */
  def predictAll(rows: Matrix): Vector = {
    val outputs = NetModels.predict(trainedNetwork, rows, $(handleInvalid), $(predictionBatchSize))
    Vectors.dense(outputs.grouped(trainedNetwork.outputs).map(_(0).toDouble).toArray)
  }

  private def rowPrediction(dataset: Dataset[_], output: Output) = new RowPrediction(
    uid, sentNetwork.on(dataset.sparkSession), NetModels.field(features(dataset.schema), numFeatures), $(predictionBatchSize), $(device),
    InvalidRows.of($(handleInvalid)), output)

  override def copy(extra: ParamMap): NetRegressionModel = {
    val that = copyValues(new NetRegressionModel(uid, sentNetwork), extra)
    that.takeHistory(this)
    that.setParent(parent)
  }

  override def write: MLWriter = NetModels.writer(this, trainedNetwork, _ => ())

  override def toString: String = s"NetRegressionModel: uid=$uid, numFeatures=$numFeatures"
}

/** Reads saved models. */
object NetRegressionModel extends MLReadable[NetRegressionModel] {
  override def read: MLReader[NetRegressionModel] =
    NetModels.reader(classOf[NetRegressionModel].getName)((uid, saved) => new NetRegressionModel(uid, saved.network.withOneInput))

  override def load(path: String): NetRegressionModel = super.load(path)
}
