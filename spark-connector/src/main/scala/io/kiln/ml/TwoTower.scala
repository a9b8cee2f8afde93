package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import io.kiln.spark.model.TwoTowerNetwork
import org.apache.spark.ml.Estimator
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.{DataFrame, Dataset}
import org.apache.spark.sql.functions.{avg, col, lit, udf}
import org.apache.spark.sql.types.{DataTypes, StructType}


/**
 * Recommends items by a vector for each user and each item, in the way of MLlib's `ALS`. With ratings it learns
 * \(r = \mu + b_u + c_i + u \cdot v\); without, which item of a batch belongs to which user.
 *
 * {{{
 * val model = new TwoTower().setUserCol("userId").setItemCol("movieId").setRatingCol("rating").fit(ratings)
 * model.recommendForAllUsers(10)
 * }}}
 */
class TwoTower(override val uid: String)
    extends Estimator[TwoTowerModel]
    with NetSetters[TwoTower]
    with TwoTowerParams
    with DefaultParamsWritable {

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("twoTower"))

  /** @group setParam */
  def setUserCol(value: String): this.type = set(userCol, value)

  /** @group setParam */
  def setItemCol(value: String): this.type = set(itemCol, value)

  /** @group setParam */
  def setRatingCol(value: String): this.type = set(ratingCol, value)

  /** @group setParam */
  def setRank(value: Int): this.type = set(rank, value)

  /** @group setParam */
  def setPredictionCol(value: String): this.type = set(predictionCol, value)

  /** @group setParam */
  def setColdStartStrategy(value: String): this.type = set(coldStartStrategy, value)

  private def rated: Boolean = isDefined(ratingCol) && $(ratingCol).nonEmpty

  override def transformSchema(schema: StructType): StructType = {
    require(
      !isDefined(network) && !isDefined(initialModel),
      s"$uid: network: this estimator makes its network of rank, users and items; train a network of your own with NetEstimator")
    TwoTowerModel.checkIds(schema, $(userCol), $(itemCol))
    if (rated) FeedColumn.find(schema, "ratingCol", $(ratingCol))
    TwoTowerModel.withPrediction(schema, $(predictionCol))
  }

  private def ids(rows: DataFrame, name: String): Array[Long] = {
    val all = rows.select(col(name).cast(DataTypes.LongType)).na.drop().distinct().collect().map(_.getLong(0))
    java.util.Arrays.sort(all)
    require(all.nonEmpty, s"$uid: the DataFrame has no rows with a user and an item")
    all
  }

  override def fit(dataset: Dataset[_]): TwoTowerModel = {
    transformSchema(dataset.schema, logging = true)
    val rows = dataset.toDF()
    val (users, items) = (ids(rows, $(userCol)), ids(rows, $(itemCol)))
    val mean = if (rated) rows.agg(avg(col($(ratingCol)))).head().getDouble(0) else 0.0
    val (userIds, itemIds) =
      (rows.sparkSession.sparkContext.broadcast(users), rows.sparkSession.sparkContext.broadcast(items))
    try {
      val userRow = udf((id: Long) => java.util.Arrays.binarySearch(userIds.value, id))
      val itemRow = udf((id: Long) => java.util.Arrays.binarySearch(itemIds.value, id))
      val pairs = rows
        .withColumn(TwoTower.User, userRow(col($(userCol)).cast(DataTypes.LongType)))
        .withColumn(TwoTower.Item, itemRow(col($(itemCol)).cast(DataTypes.LongType)))
        .withColumn(TwoTower.Target, if (rated) col($(ratingCol)).cast(DataTypes.DoubleType) - lit(mean) else col(TwoTower.Item))
      val net = copyValues(new NetEstimator(uid))
      net.setNetwork(TwoTowerNetwork.of(users.length.toLong, items.length.toLong, $(rank).toLong, rated))
        .setInputCols(Array(TwoTower.User, TwoTower.Item))
        .setTargetCols(Array(TwoTower.Target))
        .setLosses(Array(TwoTowerNetwork.loss(rated)))
        .setOutputCols(Array(TwoTower.Output)) // the network's own name may be that of a column, such as rating
      net.epochListener = epochListener
      val trained = net.fit(pairs)
      val tables = TwoTowerNetwork.factors(trained.trainedNetwork, users, items, rated)
      val model = copyValues(new TwoTowerModel(uid, tables.get(0), tables.get(1), mean).setParent(this))
      model.history = trained.history
      model
    } finally {
      userIds.destroy()
      itemIds.destroy()
    }
  }

  override def copy(extra: ParamMap): TwoTower = {
    val that = defaultCopy[TwoTower](extra)
    that.epochListener = epochListener
    that
  }
}

/** Reads saved estimators. */
object TwoTower extends MLReadable[TwoTower] {
  private val User = "kiln_user"
  private val Item = "kiln_item"
  private val Target = "kiln_target"
  private val Output = "kiln_output"

  override def read: MLReader[TwoTower] = NetModels.estimator(classOf[TwoTower].getName)(new TwoTower(_))

  override def load(path: String): TwoTower = super.load(path)
}
