package io.kiln.ml

import com.fasterxml.jackson.databind.node.ObjectNode
import io.kiln.spark.feed.{FeatureType, FeedColumns}
import io.kiln.spark.model.{MlFiles, ModelFiles, TrainedNetwork}
import org.apache.spark.ml.Model
import org.apache.spark.ml.linalg.Vector
import org.apache.spark.ml.util.{MLReader, MLWriter}
import org.apache.spark.sql.types.StructType

/** What the models share: checks, prediction of a single row, and their form on disk. */
private[ml] object NetModels {

  def checkFeatures(schema: StructType, featuresCol: String): Unit = {
    FeatureType.of(featuresCol, FeedColumns.field(schema, "featuresCol", featuresCol).dataType)
    ()
  }

  def predict(network: TrainedNetwork, features: Vector): Array[Float] = {
    require(
      features.size == network.width,
      s"predict: the vector has ${features.size} features, the model was trained with ${network.width}")
    network.predict(1, features.toArray.map(_.toFloat), 1)
  }

  def writer[M <: Model[M]](model: M, network: TrainedNetwork, facts: ObjectNode => Any): MLWriter = new MLWriter {
    override protected def saveImpl(path: String): Unit = {
      MlFiles.write(model, path, sparkSession)
      ModelFiles.write(path, sparkSession.sparkContext.hadoopConfiguration, network, n => { facts(n); () })
    }
  }

  def reader[M <: Model[M]](className: String)(make: (String, ModelFiles.Saved) => M): MLReader[M] = new MLReader[M] {
    override def load(path: String): M = {
      MlFiles.read(path, sparkSession, className, (uid: String) =>
        make(uid, ModelFiles.read(path, sparkSession.sparkContext.hadoopConfiguration)))
    }
  }
}
