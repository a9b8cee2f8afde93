package io.kiln.ml

import io.kiln.spark.model.{Ids, PairScores, SentOnce, TrainedNetwork}
import io.kiln.spark.model.BestScores.Scored
import io.kiln.spark.plan.Recommending
import org.apache.spark.broadcast.Broadcast
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{MLReadable, MLReader, MLWritable, MLWriter}
import org.apache.spark.sql.{DataFrame, Dataset, SparkSession}
import org.apache.spark.sql.functions.{coalesce, col, greatest, lit, when}
import org.apache.spark.sql.types.{FloatType, StructType}

import scala.jdk.CollectionConverters._

/**
 * A trained network that scores pairs of users and items; made by [[NeuralCF]]. Recommendations score all pairs, block by
 * block, on the executors. In `transform` a user or an item that is null is an unknown one.
 */
class NeuralCFModel private[ml] (override val uid: String, private[ml] val learned: NeuralCFModel.Learned)
    extends RecommenderModel[NeuralCFModel]
    with NeuralCFParams
    with NetModelSetters[NeuralCFModel]
    with HasTrainedNetwork
    with MLWritable {

  /** Never called, but required by the service loader, through which Spark Connect finds the class. */
  private[ml] def this() = this("", null: NeuralCFModel.Learned)

  /** The network with its weights. */
  def trainedNetwork: TrainedNetwork = learned.network.value

  private[ml] override def users: Ids = learned.users.value

  private[ml] override def items: Ids = learned.items.value

  private def score: String = trainedNetwork.graph.outputNames.get(0)

  /** The value of the network that predictions are made of. */
  private def output: String = if (learned.rated) score else s"sigmoid($score)"

  private def withRows(dataset: Dataset[_], userCol: String, itemCol: String): DataFrame =
    dataset.toDF()
      .withColumn(
        Recommender.User, Recommender.row(learned.users.on(dataset.sparkSession))(Recommender.id(dataset, "userCol", userCol)))
      .withColumn(
        Recommender.Item, Recommender.row(learned.items.on(dataset.sparkSession))(Recommender.id(dataset, "itemCol", itemCol)))

  override def transformSchema(schema: StructType): StructType = {
    OwnColumns.check(uid, schema, NeuralCFModel.Own)
    super.transformSchema(schema)
  }

  override def transform(dataset: Dataset[_]): DataFrame = {
    transformSchema(dataset.schema, logging = true)
    val (user, item) = (col(Recommender.User), col(Recommender.Item))
    val rows = withRows(dataset, $(userCol), $(itemCol))
      .withColumn(NeuralCFModel.Known, coalesce(user >= 0 && item >= 0, lit(false)))
      .withColumn(Recommender.User, greatest(user, lit(0))) // the greatest of those that are not null
      .withColumn(Recommender.Item, greatest(item, lit(0)))
    val net = new NetModel(uid, learned.network)
      .setInputCols(Array(Recommender.User, Recommender.Item))
      .setOutputNames(Array(output))
      .setOutputCols(Array(Recommender.Output))
      .setPredictionBatchSize($(predictionBatchSize))
      .setDevice($(device))
    val value = col(Recommender.Output).cast(FloatType) + lit($(meanRating).toFloat)
    val predicted = net.transform(rows)
      .withColumn($(predictionCol), when(col(NeuralCFModel.Known), value).otherwise(lit(Float.NaN)))
      .drop(Recommender.User, Recommender.Item, NeuralCFModel.Known, Recommender.Output)
    if (getColdStartStrategy == "drop") predicted.na.drop("any", Seq($(predictionCol))) else predicted
  }

  private[ml] override def recommending(ofUsers: Boolean, count: Int): RecommenderModel.Opened = {
    val (of, others) = if (ofUsers) (learned.users, learned.items) else (learned.items, learned.users)
    NeuralCFModel.recommending(
      of.on(session),
      new Recommending(
        learned.network.on(session),
        new PairScores(score, if (ofUsers) 0 else 1, others.value.size),
        others.on(session), $(device), count),
      learned.rated)
  }

  /** Rejects rows whose user or item has no row in the tables. */
  private[ml] def requireKnown(dataset: Dataset[_], userCol: String, itemCol: String): Unit = {
    val strangers = withRows(dataset, userCol, itemCol).where(Recommender.strange).count()
    require(
      strangers == 0,
      s"$uid: continueFit: $strangers rows have a user or an item that the model was not trained with; leave them out, or fit anew with all rows")
  }

  override def copy(extra: ParamMap): NeuralCFModel = {
    val that = copyValues(new NeuralCFModel(uid, learned), extra)
    that.takeHistory(this)
    that.setParent(parent)
  }

  override def write: MLWriter = NetModels.writer[NeuralCFModel](
    this, trainedNetwork, _.put(NeuralCFModel.Rated, learned.rated), (session, path) => {
      NeuralCFModel.write(session, users, s"$path/users")
      NeuralCFModel.write(session, items, s"$path/items")
    })

  override def toString: String = s"NeuralCFModel: uid=$uid, users=${users.size}, items=${items.size}"
}

/** Reads saved models. */
object NeuralCFModel extends MLReadable[NeuralCFModel] {
  private val Known = "kiln_known"
  private val Rated = "rated"
  private val Own = Seq(Recommender.User, Recommender.Item, Recommender.Output, Known)

  /** The result of a training.
    *
    * @param network the network
    * @param users the users by row
    * @param items the items by row
    * @param rated whether it predicts ratings
    */
  private[ml] final class Learned(
      val network: SentOnce[TrainedNetwork], val users: SentOnce[Ids], val items: SentOnce[Ids], val rated: Boolean) {
    def this(network: TrainedNetwork, users: Ids, items: Ids, rated: Boolean) =
      this(new SentOnce(network), new SentOnce(users), new SentOnce(items), rated)
  }

  /** Ranks by the network's scores: of high ones the probabilities are all 1. */
  private def recommending(ids: Broadcast[Ids], how: Recommending, rated: Boolean): RecommenderModel.Opened = () => {
    val best = how.open()
    id =>
      Some(ids.value.row(id)).filter(_ >= 0).map { row =>
        val found = best(row)
        if (rated) found else found.asScala.map(s => new Scored(s.id, (1 / (1 + math.exp(-s.score.toDouble))).toFloat)).asJava
      }
  }

  private def write(session: SparkSession, ids: Ids, path: String): Unit =
    session.createDataFrame((0 until ids.size).map(i => Tuple1(ids.id(i)))).toDF("id").write.parquet(path)

  /** The ids of users or items, as many as their table has rows. */
  private def read(session: SparkSession, path: String, side: String, network: TrainedNetwork): Ids = {
    val ids = session.read.schema("id long").parquet(s"$path/$side").collect().map(_.getLong(0)).sorted
    val rows = network.graph.parameters.asScala.find(_.name == s"$side.weight").map(_.spec.shape.dim(0))
    require(
      rows.contains(ids.length.toLong),
      s"load model: $path: expected as many ids in $side as the network has rows, ${rows.getOrElse("none")}, got ${ids.length}: the files are damaged")
    new Ids(ids: _*)
  }

  override def read: MLReader[NeuralCFModel] = new MLReader[NeuralCFModel] {
    override def load(path: String): NeuralCFModel =
      NetModels.reader[NeuralCFModel](classOf[NeuralCFModel].getName) { (uid, saved) =>
        def ids(side: String): Ids = NeuralCFModel.read(sparkSession, path, side, saved.network)
        new NeuralCFModel(uid, new Learned(saved.network, ids("users"), ids("items"), saved.facts.path(Rated).asBoolean(true)))
      }.load(path)
  }

  override def load(path: String): NeuralCFModel = super.load(path)
}
