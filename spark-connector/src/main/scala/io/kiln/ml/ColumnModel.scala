package io.kiln.ml

import com.fasterxml.jackson.databind.node.ObjectNode
import io.kiln.spark.feed.{ColumnFiles, FeedColumn, NetworkInputs, QueryPlans, SentTexts}
import io.kiln.spark.model.{InvalidRows, ModelFiles, RowOutputs, SentOnce, TextFacts, TrainedNetwork}
import io.kiln.spark.plan.{NamedPrediction, Predictions}
import org.apache.spark.ml.Model
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{MLReader, MLWritable, MLWriter}
import org.apache.spark.sql.{DataFrame, Dataset}
import org.apache.spark.sql.types.StructType

import java.util.OptionalInt
import scala.jdk.CollectionConverters._

/** A trained network that predicts from other columns than one of features.
  *
  * @tparam M the model itself, which setters return
  */
abstract class ColumnModel[M <: ColumnModel[M]] private[ml] (private[ml] val trained: ColumnModel.Trained)
    extends Model[M]
    with ColumnSetters[M]
    with NetModelSetters[M]
    with HasTrainingHistory
    with HasTrainedNetwork
    with MLWritable { self: M =>

  /** The network with its weights. */
  def trainedNetwork: TrainedNetwork = trained.network.value

  /** Another model. */
  private[ml] def of(network: ColumnModel.Trained): M

  /** The columns that are added. */
  private[ml] def added: Seq[String]

  /** How they are made of the network's output. */
  private[ml] def outputs: RowOutputs

  /** What is saved beside the network and its texts. */
  private[ml] def facts(node: ObjectNode): Unit = ()

  private def inputs(schema: StructType): NetworkInputs = {
    val bound = binding(trained.vocabularies)
      .bind(schema, NetModel.known(trainedNetwork.graph), (_: FeedColumn) => OptionalInt.empty)
    require(bound.isPresent, s"$uid: the sizes of the columns ${binding(trained.vocabularies).inputCols} are not known")
    bound.get
  }

  override def transformSchema(schema: StructType): StructType = {
    checkColumns(schema)
    inputs(schema)
    withPredictions(schema)
  }

  override def transform(dataset: Dataset[_]): DataFrame = {
    val schema = transformSchema(dataset.schema, logging = true)
    if (added.isEmpty) {
      logWarning(s"$uid: transform adds nothing: no output column is set")
      dataset.toDF()
    } else {
      val prediction = new NamedPrediction(
        uid, trained.network.on(dataset.sparkSession),
        inputs(dataset.schema).inTasks(new ColumnFiles(QueryPlans.hadoop(dataset)), trained.sentTexts, dataset.sparkSession),
        outputs,
        $(predictionBatchSize), $(device), InvalidRows.of($(handleInvalid)))
      Predictions.add(dataset, schema, added.asJava, prediction)
    }
  }

  override def copy(extra: ParamMap): M = copied(of(trained), extra)

  private[ml] def copied(model: M, extra: ParamMap): M = {
    val that = copyValues(model, extra)
    that.takeHistory(this)
    that.setParent(parent)
  }

  override def write: MLWriter = NetModels.writer[M](this, trainedNetwork, (node: ObjectNode) => {
    TextFacts.write(node, trained.vocabularies)
    facts(node)
  })
}

/** What models have of their training. */
object ColumnModel {

  /** The result of a training.
    *
    * @param network the network
    * @param classes the number of classes; 0 for none
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

    def of(saved: ModelFiles.Saved, classes: Int): Trained =
      new Trained(new SentOnce(saved.network), classes, TextFacts.read(saved.facts))
  }

  private[ml] def reader[M <: ColumnModel[M]](className: String)(make: (String, Trained) => M): MLReader[M] =
    NetModels.reader[M](className)((uid, saved) => make(uid, Trained.of(saved, 0)))
}
