package io.kiln.ml

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.ObjectNode
import io.kiln.spark.feed.{FeatureType, FeedColumn, Float32}
import io.kiln.spark.job.TrainingSummary
import io.kiln.spark.model.{MlFiles, ModelFiles, TrainedNetwork}
import org.apache.spark.ml.Model
import org.apache.spark.ml.linalg.Vector
import org.apache.spark.ml.param.Params
import org.apache.spark.ml.util.{MLReader, MLWriter}
import org.apache.spark.sql.types.StructType

/** What the models share: checks, prediction of a single row, and their form on disk. */
private[ml] object NetModels {

  private val Summary = "summary"

  def checkFeatures(schema: StructType, featuresCol: String): Unit = {
    FeatureType.of(featuresCol, FeedColumn.find(schema, "featuresCol", featuresCol).field.dataType)
    ()
  }

  /** What the network gives for a single row; NaN for one with invalid features that is kept. */
  def predict(network: TrainedNetwork, features: Vector, handleInvalid: String): Array[Float] = {
    require(
      features.size == network.width,
      s"predict: the vector has ${features.size} features, the model was trained with ${network.width}")
    val row = new Array[Float](features.size)
    var invalid = false
    features.foreachActive { (i, x) =>
      row(i) = x.toFloat
      if (!Float32.fits(row(i))) {
        if (handleInvalid == "keep" && !java.lang.Float.isFinite(row(i))) invalid = true
        else Option(Float32.wrong(i, x)).foreach(wrong => throw new IllegalArgumentException(s"predict: the vector $wrong"))
      }
    }
    if (invalid) Array.fill(network.outputs)(Float.NaN) else network.predictRow(row: _*)
  }

  def writer[M <: Model[M] with HasTrainingHistory](
      model: M, network: TrainedNetwork, facts: ObjectNode => Any): MLWriter = new MLWriter {
    override protected def saveImpl(path: String): Unit = {
      MlFiles.write(model, path, sparkSession)
      ModelFiles.write(path, sparkSession.sparkContext.hadoopConfiguration, network, n => {
        facts(n)
        model.history.foreach(h => n.set[JsonNode](Summary, h.toJson))
      })
    }
  }

  def reader[M <: Model[M] with HasTrainingHistory](className: String)(
      make: (String, ModelFiles.Saved) => M): MLReader[M] = new MLReader[M] {
    override def load(path: String): M = {
      MlFiles.read(path, sparkSession, className, (uid: String) => {
        val saved = ModelFiles.read(path, sparkSession.sparkContext.hadoopConfiguration)
        val model = make(uid, saved)
        model.history = Option(saved.facts.get(Summary)).map(TrainingSummary.fromJson)
        model
      })
    }
  }

  /** Reads an estimator's Params, after a look at how deep they are nested. */
  def estimator[E <: Params](className: String)(make: String => E): MLReader[E] = new MLReader[E] {
    override def load(path: String): E = MlFiles.read(path, sparkSession, className, (uid: String) => make(uid))
  }
}
