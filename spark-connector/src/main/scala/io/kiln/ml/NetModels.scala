package io.kiln.ml

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.ObjectNode
import io.kiln.ndarray.DType
import io.kiln.spark.feed.{FeatureColumns, Field, Float32}
import io.kiln.spark.report.TrainingSummary
import io.kiln.spark.model.{MlFiles, ModelFiles, TrainedNetwork}
import org.apache.spark.ml.Model
import org.apache.spark.ml.linalg.{Matrix, Vector}
import org.apache.spark.ml.param.Params
import org.apache.spark.ml.util.{MLReader, MLWriter}
import org.apache.spark.sql.SparkSession

import java.util.BitSet

/** Code shared by the models: checks, prediction of a single row, and reading and writing. */
private[ml] object NetModels {

  private val Summary = "summary"

  /** How features are read in prediction, which packs bytes as float32. */
  def field(features: FeatureColumns, width: Int): Field = features.field(width, DType.FLOAT32)

  /** The network's outputs for a single row; NaN for an invalid row that is kept. */
  def predict(network: TrainedNetwork, features: Vector, handleInvalid: String): Array[Float] = {
    require(
      features.size == network.width,
      s"predict: the vector has ${features.size} features, the model was trained with ${network.width}")
    val row = new Array[Float](features.size)
    if (fill(row, 0, features, handleInvalid, "the vector")) network.predictRow(row: _*)
    else Array.fill(network.outputs)(Float.NaN)
  }

  /** The network's outputs for the rows of a matrix, one after another; NaN for invalid rows that are kept. */
  def predict(network: TrainedNetwork, rows: Matrix, handleInvalid: String, batchSize: Int): Array[Float] = {
    require(
      rows.numCols == network.width,
      s"predict: the matrix has ${rows.numCols} columns, the model was trained with ${network.width} features")
    val (width, outputs) = (network.width, network.outputs)
    val all = new Array[Float](Math.multiplyExact(rows.numRows, outputs))
    val threads = Runtime.getRuntime.availableProcessors
    val vectors = rows.rowIter
    for (begin <- 0 until rows.numRows by batchSize) {
      val count = math.min(batchSize, rows.numRows - begin)
      val features = new Array[Float](Math.multiplyExact(count, width))
      val invalid = new BitSet
      for (i <- 0 until count) {
        if (!fill(features, i * width, vectors.next(), handleInvalid, s"row ${begin + i}")) invalid.set(i)
      }
      val computed =
        if (count == batchSize) network.predictBatch(count, features, threads)
        else network.predict(count, features, threads)
      invalid.stream.forEach(i => java.util.Arrays.fill(computed, i * outputs, (i + 1) * outputs, Float.NaN))
      System.arraycopy(computed, 0, all, begin * outputs, computed.length)
    }
    all
  }

  /** Copies a row into an array of zeros; returns false and leaves zeros for an invalid row that is kept. */
  private def fill(
      row: Array[Float], begin: Int, features: Vector, handleInvalid: String, name: => String): Boolean = {
    var invalid = false
    features.foreachActive { (i, x) =>
      row(begin + i) = x.toFloat
      if (!Float32.fits(row(begin + i))) {
        if (handleInvalid == "keep" && !java.lang.Float.isFinite(row(begin + i))) invalid = true
        else Option(Float32.wrong(i, x)).foreach(wrong => throw new IllegalArgumentException(s"predict: $name $wrong"))
      }
    }
    if (invalid) java.util.Arrays.fill(row, begin, begin + features.size, 0f)
    !invalid
  }

  def writer[M <: Model[M] with HasTrainingHistory](
      model: M,
      network: TrainedNetwork,
      facts: ObjectNode => Any,
      beside: (SparkSession, String) => Unit = (_, _) => ()): MLWriter = new MLWriter {
    override protected def saveImpl(path: String): Unit = {
      MlFiles.write(model, path, sparkSession)
      ModelFiles.write(path, sparkSession.sparkContext.hadoopConfiguration, network, n => {
        facts(n)
        model.history.foreach(h => n.set[JsonNode](Summary, h.toJson))
      })
      beside(sparkSession, path)
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

  /** Reads an estimator's Params after checking how deeply they are nested. */
  def estimator[E <: Params](className: String)(make: String => E): MLReader[E] = new MLReader[E] {
    override def load(path: String): E = MlFiles.read(path, sparkSession, className, (uid: String) => make(uid))
  }
}
