package io.kiln.ml

import com.fasterxml.jackson.databind.node.ObjectNode
import io.kiln.spark.feed.{ColumnFiles, FeedColumn, NetworkInputs, QueryPlans, SentTexts}
import io.kiln.spark.model.{Calibration, ClassColumns, ClassOutput, InvalidRows, ModelFiles, SentOnce, TextFacts, TrainedNetwork}
import io.kiln.spark.plan.{NamedPrediction, Predictions}
import org.apache.spark.ml.Model
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{MLReader, MLWritable, MLWriter}
import org.apache.spark.sql.{DataFrame, Dataset}
import org.apache.spark.sql.types.StructType

import java.util.OptionalInt
import scala.jdk.CollectionConverters._

/** A trained network that predicts classes from other columns than one of features.
  *
  * @tparam M the model itself, which setters return
  */
abstract class ColumnClassificationModel[M <: ColumnClassificationModel[M]] private[ml] (
    private[ml] val trained: ColumnClassificationModel.Trained)
    extends Model[M]
    with ColumnClassifierSetters[M]
    with NetModelSetters[M]
    with HasTrainingHistory
    with HasTrainedNetwork
    with MLWritable { self: M =>

  /** The network with its weights. */
  def trainedNetwork: TrainedNetwork = trained.network.value

  /** The number of classes. */
  def numClasses: Int = trained.classes

  /** Another model. */
  private[ml] def of(network: ColumnClassificationModel.Trained): M

  private def inputs(schema: StructType): NetworkInputs = {
    val bound = binding(trained.vocabularies)
      .bind(schema, NetModel.known(trainedNetwork.graph), (_: FeedColumn) => OptionalInt.empty)
    require(bound.isPresent, s"$uid: the sizes of the columns ${binding(trained.vocabularies).inputCols} are not known")
    bound.get
  }

  override def transformSchema(schema: StructType): StructType = {
    checkColumns(schema)
    inputs(schema)
    withClasses(schema)
  }

  override def transform(dataset: Dataset[_]): DataFrame = {
    val schema = transformSchema(dataset.schema, logging = true)
    require(
      !isDefined(thresholds) || $(thresholds).length == numClasses,
      s"$uid: thresholds has ${if (isDefined(thresholds)) $(thresholds).length else 0} entries, the model has $numClasses classes")
    val added = Seq($(rawPredictionCol), $(probabilityCol), $(predictionCol)).filter(_.nonEmpty)
    if (added.isEmpty) {
      logWarning(s"$uid: transform adds nothing: no output column is set")
      dataset.toDF()
    } else {
      val output = new ClassOutput(
        $(rawPredictionCol).nonEmpty, $(probabilityCol).nonEmpty, $(predictionCol).nonEmpty,
        (if (isDefined(thresholds)) $(thresholds) else Array.empty[Double]): _*)
      val prediction = new NamedPrediction(
        uid, trained.network.on(dataset.sparkSession),
        inputs(dataset.schema).inTasks(new ColumnFiles(QueryPlans.hadoop(dataset)), trained.sentTexts, dataset.sparkSession),
        new ClassColumns(trainedNetwork.graph.outputNames.get(0), numClasses, output),
        $(predictionBatchSize), $(device), InvalidRows.of($(handleInvalid)))
      Predictions.add(dataset, schema, added.asJava, prediction)
    }
  }

  /**
   * A copy with calibrated probabilities: scores are divided by the temperature with which the labels of these rows are
   * most probable. Give it rows that were not trained on; predictions stay, unless `thresholds` is set.
   */
  def calibrate(dataset: Dataset[_]): M = {
    val temperature = ClassTemperature.of(this, dataset, None)
    val scaled = new SentOnce(Calibration.scaled(trainedNetwork, temperature))
    copied(of(new ColumnClassificationModel.Trained(scaled, numClasses, trained.vocabularies)), ParamMap.empty)
  }

  override def copy(extra: ParamMap): M = copied(of(trained), extra)

  private def copied(model: M, extra: ParamMap): M = {
    val that = copyValues(model, extra)
    that.takeHistory(this)
    that.setParent(parent)
  }

  override def write: MLWriter = NetModels.writer[M](this, trainedNetwork, (facts: ObjectNode) => {
    TextFacts.write(facts, trained.vocabularies)
    facts.put("numClasses", numClasses)
  })

  override def toString: String = s"${getClass.getSimpleName}: uid=$uid, numClasses=$numClasses"
}

/** What models have of their training. */
object ColumnClassificationModel {

  /** The result of a training.
    *
    * @param network the network
    * @param classes the number of classes
    * @param vocabularies the texts by input
    */
  private[ml] final class Trained(
      val network: SentOnce[TrainedNetwork], val classes: Int, val vocabularies: NetIoParams.Vocabularies) {

    val sentTexts = new SentTexts

    def asNetModel(uid: String): NetModel = {
      val model = new NetModel(uid, network)
      model.vocabularies = vocabularies
      model
    }
  }

  private[ml] object Trained {
    def of(model: NetModel, classes: Int): Trained = new Trained(model.sentNetwork, classes, model.vocabularies)

    def of(saved: ModelFiles.Saved): Trained =
      new Trained(new SentOnce(saved.network), saved.classes, TextFacts.read(saved.facts))
  }

  private[ml] def reader[M <: ColumnClassificationModel[M]](className: String)(make: (String, Trained) => M): MLReader[M] =
    NetModels.reader[M](className)((uid, saved) => make(uid, Trained.of(saved)))
}
