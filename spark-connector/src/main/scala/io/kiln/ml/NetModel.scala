package io.kiln.ml

import io.kiln.format.SafeTensors
import io.kiln.graph.Graph
import io.kiln.nn.GraphBlock
import io.kiln.spark.feed.{ColumnFiles, FeedColumn, InputBinding, NetworkInputs, QueryPlans, SentTexts}
import io.kiln.spark.model.{InvalidRows, NamedOutputs, OutputNames, SentOnce, TextFacts, TrainedNetwork}
import io.kiln.spark.plan.{NamedPrediction, Predictions}
import org.apache.spark.ml.Model
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{Identifiable, MLReadable, MLReader, MLWritable, MLWriter}
import org.apache.spark.sql.{DataFrame, Dataset}
import org.apache.spark.sql.types.StructType

import java.util.{Optional, OptionalInt}
import scala.jdk.CollectionConverters._

/**
 * A trained network with named inputs and outputs; made by [[NetEstimator]]. It adds any of its values as columns, and
 * reads only the columns that these need.
 */
class NetModel private[ml] (override val uid: String, private[ml] val sentNetwork: SentOnce[TrainedNetwork])
    extends Model[NetModel]
    with NetModelSetters[NetModel]
    with NetIoSetters[NetModel]
    with NetEstimatorParams
    with HasTrainingHistory
    with HasTrainedNetwork
    with MLWritable {

  private[ml] def this(uid: String, network: TrainedNetwork) = this(uid, new SentOnce(network))

  /** Never called, but required by the service loader, through which Spark Connect finds the class. */
  private[ml] def this() = this("", null: SentOnce[TrainedNetwork])

  /** The network with its weights. */
  def trainedNetwork: TrainedNetwork = sentNetwork.value

  private[ml] var vocabularies: NetIoParams.Vocabularies = NetIoParams.NoVocabularies
  private var sentTexts = new SentTexts

  /** The texts of an input, by id; empty for an input that is read in another way.
    *
    * @param input the input, or one of inputCols that feeds one such input
    */
  def vocabulary(input: String): Array[String] = {
    val known = NetModel.known(trainedNetwork.graph)
    val fed = inputBinding(Seq.empty, vocabularies).inputsOf(input, known).asScala.toSeq
    require(
      fed.nonEmpty || known.names.contains(input),
      s"$uid: vocabulary: there is no input or column \"$input\"; inputs: ${known.names}, inputCols: ${$(inputCols).mkString("[", ", ", "]")}")
    val texts = (if (vocabularies.containsKey(input)) Seq(input) else fed).filter(vocabularies.containsKey(_))
    require(texts.length < 2, s"$uid: vocabulary: column \"$input\" feeds inputs ${texts.mkString("[", ", ", "]")}; name one of them")
    texts.headOption.map(vocabularies.get(_).asScala.toArray).getOrElse(Array.empty)
  }

  private def inputs(schema: StructType): NetworkInputs = {
    val bound = bind(schema)
    require(
      bound.isPresent,
      s"$uid: inputCols: several of the columns ${$(inputCols).mkString("[", ", ", "]")} feed one input and do not state how many elements they have; state it with VectorSizeHint")
    bound.get
  }

  /** The inputs; empty if sizes of columns are not stated, as before a pipeline is run. */
  private def bind(schema: StructType): Optional[NetworkInputs] = {
    val graph = trainedNetwork.graph
    val whole = NetModel.known(OutputNames.part(graph, names(graph).asJava))
    val part = decoding(graph, names(graph)).map(d => whole.without(d.input)).getOrElse(whole)
    val binding = inputBinding(Seq.empty, vocabularies).only(NetModel.known(graph), part.names)
    binding.uncounted(schema, part).forEach { (input, field) =>
      throw new IllegalArgumentException(
        s"$uid: inputTypes: input $input would read ids of texts from column \"${field.columns.get(0)}\", but the model has no vocabulary of it; set inputTypes as in training, or train a model with them")
    }
    binding.bind(schema, part, (_: FeedColumn) => OptionalInt.empty)
  }

  override def transformSchema(schema: StructType): StructType = {
    bind(schema)
    withOutputs(schema, trainedNetwork.graph)
  }

  override def transform(dataset: Dataset[_]): DataFrame = {
    val schema = transformSchema(dataset.schema, logging = true)
    val graph = trainedNetwork.graph
    val hadoop = QueryPlans.hadoop(dataset)
    val prediction = new NamedPrediction(
      uid, sentNetwork.on(dataset.sparkSession), inputs(dataset.schema).inTasks(new ColumnFiles(hadoop), sentTexts, dataset.sparkSession),
      decoding(graph, names(graph)).getOrElse(NamedOutputs.of(graph, names(graph).asJava)),
      $(predictionBatchSize), $(device), InvalidRows.of($(handleInvalid)))
    Predictions.add(dataset, schema, columns(graph).asJava, prediction)
  }

  override def copy(extra: ParamMap): NetModel = {
    val that = copyValues(new NetModel(uid, sentNetwork), extra)
    that.takeHistory(this)
    that.vocabularies = vocabularies
    that.sentTexts = sentTexts
    that.setParent(parent)
  }

  override def write: MLWriter = NetModels.writer(this, trainedNetwork, TextFacts.write(_, vocabularies))

  override def toString: String =
    s"NetModel: uid=$uid, inputs=${trainedNetwork.graph.inputs.asScala.map(_.name).mkString("[", ", ", "]")}, outputs=${trainedNetwork.graph.outputNames}"
}

/** Reads saved models. */
object NetModel extends MLReadable[NetModel] {
  override def read: MLReader[NetModel] =
    NetModels.reader(classOf[NetModel].getName){ (uid, saved) =>
      val model = new NetModel(uid, saved.network)
      model.vocabularies = TextFacts.read(saved.facts)
      model
    }

  override def load(path: String): NetModel = super.load(path)

  /**
   * A model of a network that was trained elsewhere: of `block.toGraphBlock(specs)`, or of `SymbolBlock.imports(…)`.
   * The values are copied; the network may be closed. Parameters that have none begin as their initializers say.
   *
   * @param network the network with its values; its inputs and outputs begin with the batch, which is `Shape.UNKNOWN`
   * @throws IllegalArgumentException if they do not, or have dtypes that columns cannot feed
   */
  def of(network: GraphBlock): NetModel = {
    val trained = new TrainedNetwork(network.graph.toJson, SafeTensors.toChunks(network.values, java.util.Map.of()), 1)
    trained.check()
    new NetModel(Identifiable.randomUID("netModel"), trained)
  }

  private[ml] def known(graph: Graph): InputBinding.Known = new InputBinding.Known(
    graph.inputs.asScala.map(_.name).asJava, graph.inputs.asScala.map(i => i.name -> i.spec).toMap.asJava)
}
