package io.kiln.ml

import io.kiln.nn.zoo.NeuralCollaborativeFilter
import io.kiln.spark.feed.FeedColumn
import io.kiln.spark.model.{Ids, Negatives}
import org.apache.spark.ml.Estimator
import org.apache.spark.ml.param.{IntParam, ParamMap, ParamValidators}
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.{DataFrame, Dataset}
import org.apache.spark.sql.functions._
import org.apache.spark.sql.types.StructType

/** The Params of neural collaborative filtering. */
trait NeuralCFParams extends RecommenderParams with NetEmbeddingParams with NetHiddenParams {

  /** Items that are drawn for each pair. @group param */
  final val negativeSamples: IntParam = new IntParam(
    this, "negativeSamples",
    "number of items that are drawn for each pair from those that its user has not been seen with, and taken for ones that do not belong together; only without ratingCol",
    ParamValidators.gt(0))

  /** @group getParam */
  final def getNegativeSamples: Int = $(negativeSamples)

  setDefault(negativeSamples -> 4, embeddingSize -> 32, hiddenLayers -> Array(64, 32, 16))
}

/**
 * Recommends items by neural collaborative filtering (X. He et al., WWW 2017), in the way of MLlib's `ALS`. Its network is
 * NeuMF: a product of a user's and an item's vector of length rank, and a perceptron of two other vectors of length
 * embeddingSize, together score a pair.
 *
 * With ratings it learns these, by the squared error. Without, rows are pairs that belong together: for each of them
 * negativeSamples items are drawn once, before training, that its user has not been seen with, and predictions are
 * probabilities that a pair belongs together, learned by the log loss. For training, pairs that are held for validation do
 * not count as seen. Gradients of the tables are dense.
 *
 * {{{
 * val model = new NeuralCF().setUserCol("userId").setItemCol("movieId").setRatingCol("rating").fit(ratings)
 * model.recommendForAllUsers(10)
 * }}}
 */
class NeuralCF(override val uid: String)
    extends Estimator[NeuralCFModel]
    with Recommender[NeuralCF]
    with NetEmbeddingSetters[NeuralCF]
    with NetHiddenSetters[NeuralCF]
    with NeuralCFParams
    with DefaultParamsWritable {

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("neuralCF"))

  /** @group setParam */
  def setNegativeSamples(value: Int): this.type = set(negativeSamples, value)

  override def transformSchema(schema: StructType): StructType = {
    require(
      !isSet(negativeSamples) || !rated,
      s"$uid: negativeSamples is set, and ratingCol too; negatives are drawn for pairs without ratings, clear one of them")
    checked(schema)
  }

  override def fit(dataset: Dataset[_]): NeuralCFModel = {
    transformSchema(dataset.schema, logging = true)
    val rows = dataset.toDF()
    val known = trained(rows)
    val (userIds, itemIds) = (ids(known, "userCol", $(userCol)), ids(known, "itemCol", $(itemCol)))
    val network = NeuralCollaborativeFilter.neuMf(
      userIds.size.toLong, itemIds.size.toLong, $(embeddingSize).toLong, $(rank).toLong, $(hiddenLayers).map(_.toLong).toSeq: _*)
    train(rows, userIds, itemIds, mean(known), learner.setNetwork(network))
  }

  private def train(rows: DataFrame, users: Ids, items: Ids, average: Double, net: NetEstimator): NeuralCFModel =
    indexed(rows, users, items) { pairs =>
      val prepared =
        if (rated) pairs.withColumn(Recommender.Target, rating(pairs) - lit(average))
        else withNegatives(pairs, items.size, net)
      val trained = net.setLosses(Array(if (rated) "l2" else "sigmoidBce")).fit(prepared)
      val model = new NeuralCFModel(uid, new NeuralCFModel.Learned(trained.trainedNetwork, users, items, rated))
      model.set(model.meanRating, average)
      model.history = trained.history
      copyValues(model.setParent(this))
    }

  /** The pairs and those that are drawn. These have the weight of the pair that they are drawn for, and validate with it. */
  private[ml] def withNegatives(pairs: DataFrame, items: Int, net: NetEstimator): DataFrame = {
    if (optional(validationIndicatorCol).nonEmpty) net.setValidationIndicatorCol(NeuralCF.Held)
    val weights = Seq(NeuralCF.Weight).filter(_ => optional(weightCol).nonEmpty)
    weights.foreach(net.setWeightCol)
    val extras = NeuralCF.Held +: weights
    val seen = pairs.select(
      Seq(col(Recommender.User), col(Recommender.Item), held(pairs).as(NeuralCF.Held)) ++
        weights.map(FeedColumn.find(pairs.schema, "weightCol", $(weightCol)).of(pairs).as(_)): _*)
    val known = coalesce(col(Recommender.User) >= 0 && col(Recommender.Item) >= 0, lit(false))
    val draw = NeuralCF.drawing($(seed), items, $(negativeSamples))
    val entry = Recommender.Item +: extras
    val sampled = seen.where(known)
      .groupBy(Recommender.User).agg(sort_array(collect_list(struct(entry.map(col): _*))).as("pairs"))
      .sortWithinPartitions(Recommender.User) // rows that are read again, after the loss of an executor, must be in the same order
      .select(
        col(Recommender.User),
        explode(arrays_zip(
          col("pairs"),
          draw(col(Recommender.User), col(s"pairs.${NeuralCF.Held}"), col(s"pairs.${Recommender.Item}")).as("drawn"))).as("of"))
      .select(
        col(Recommender.User) +: extras.map(name => col(s"of.pairs.$name").as(name)) :+
          explode(concat(
            array(struct(col(s"of.pairs.${Recommender.Item}").as("item"), lit(1.0).as("target"))),
            transform(col("of.drawn"), i => struct(i.as("item"), lit(0.0).as("target"))))).as("pair"): _*)
      .select(
        Seq(col(Recommender.User), col("pair.item").as(Recommender.Item)) ++ extras.map(col) :+
          col("pair.target").as(Recommender.Target): _*)
    val unknown = seen.where(!known).withColumn(Recommender.Target, lit(1.0)) // for handleInvalid to decide on
    sampled.unionByName(unknown)
  }

  /**
   * Trains a model on, from its weights and with its users and items, on new rows. Params are those of this estimator, but for
   * rank, embeddingSize and hiddenLayers: these are the model's, and an error if set otherwise.
   *
   * Without ratings, items are drawn that the user has not been seen with in these rows: give the earlier pairs of the users
   * too, or they are taken for ones that do not belong together.
   *
   * @throws java.lang.IllegalArgumentException if a row, other than one held for validation, has a user or an item that the
   *   model was not trained with
   */
  def continueFit(dataset: Dataset[_], model: NeuralCFModel): NeuralCFModel =
    copy(ParamMap.empty).madeLike(model, Seq(rank, embeddingSize, hiddenLayers)).trainedOn(dataset, model)

  private def trainedOn(dataset: Dataset[_], model: NeuralCFModel): NeuralCFModel = {
    transformSchema(dataset.schema, logging = true)
    require(
      rated == model.learned.rated,
      s"$uid: continueFit: the model was trained ${if (rated) "without" else "with"} ratings; ${if (rated) "clear" else "set"} ratingCol")
    val rows = dataset.toDF()
    model.requireKnown(trained(rows), $(userCol), $(itemCol))
    val net = learner.clear(reinitialized).setInitialModel(model)
    train(rows, model.users, model.items, model.getOrDefault(model.meanRating), net)
  }

  override def copy(extra: ParamMap): NeuralCF = {
    val that = defaultCopy[NeuralCF](extra)
    that.epochListener = epochListener
    that
  }
}

/** Reads saved estimators. */
object NeuralCF extends MLReadable[NeuralCF] {
  private val Weight = "kiln_weight"
  private val Held = "kiln_held"

  private def drawing(seed: Long, items: Int, count: Int) =
    udf { (user: Int, held: Seq[java.lang.Boolean], seen: Seq[Int]) =>
      Negatives.draw(seed, user, items, count, held.map(java.lang.Boolean.TRUE.equals(_)).toArray, seen: _*)
    }

  override def read: MLReader[NeuralCF] = NetModels.estimator(classOf[NeuralCF].getName)(new NeuralCF(_))

  override def load(path: String): NeuralCF = super.load(path)
}
