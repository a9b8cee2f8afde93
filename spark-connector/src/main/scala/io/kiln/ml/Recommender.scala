package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import io.kiln.spark.model.Ids
import org.apache.spark.broadcast.Broadcast
import org.apache.spark.sql.{Column, DataFrame, Dataset}
import org.apache.spark.sql.functions.{avg, udf}
import org.apache.spark.sql.types.{DataTypes, StructType}

/** What estimators that recommend share: users and items become rows of tables, and a [[NetEstimator]] learns these.
  *
  * @tparam Learner the estimator itself, which setters return
  */
trait Recommender[Learner <: Recommender[Learner]]
    extends RecommenderParams
    with RecommenderModelSetters[Learner]
    with NetSetters[Learner] { self: Learner =>

  /** @group setParam */
  def setRatingCol(value: String): Learner = set(ratingCol, value)

  /** @group setParam */
  def setRank(value: Int): Learner = set(rank, value)

  private[ml] def rated: Boolean = isDefined(ratingCol) && $(ratingCol).nonEmpty

  /** The schema of the model's rows. */
  private[ml] def checked(schema: StructType): StructType = {
    require(
      !isDefined(network) && !isDefined(initialModel),
      s"$uid: network: this estimator makes its network of rank, users and items; train a network of your own with NetEstimator")
    RecommenderModel.checkIds(schema, $(userCol), $(itemCol))
    if (rated) FeedColumn.find(schema, "ratingCol", $(ratingCol))
    OwnColumns.check(uid, schema, Recommender.Own)
    RecommenderModel.withPrediction(schema, $(predictionCol))
  }

  /** The ids of a column. */
  private[ml] def ids(rows: DataFrame, param: String, name: String): Ids = {
    val all = rows.select(Recommender.id(rows, param, name)).na.drop().distinct().collect().map(_.getLong(0))
    java.util.Arrays.sort(all)
    require(all.nonEmpty, s"$uid: the DataFrame has no rows with a user and an item")
    new Ids(all: _*)
  }

  /** The ratings of rows. */
  private[ml] def rating(rows: DataFrame): Column =
    FeedColumn.find(rows.schema, "ratingCol", $(ratingCol)).of(rows).cast(DataTypes.DoubleType)

  /** The mean of the ratings; 0 without ratings. */
  private[ml] def mean(rows: DataFrame): Double =
    if (!rated) 0.0
    else
      rows.agg(avg(rating(rows))).head() match {
        case none if none.isNullAt(0) =>
          throw new IllegalArgumentException(s"$uid: ratingCol: column \"${$(ratingCol)}\" has no ratings")
        case some => some.getDouble(0)
      }

  /** Trains on rows to which the rows of users and items in their tables have been added. */
  private[ml] def indexed[T](rows: DataFrame, users: Ids, items: Ids)(train: DataFrame => T): T = {
    val context = rows.sparkSession.sparkContext
    val (sentUsers, sentItems) = (context.broadcast(users), context.broadcast(items))
    try {
      train(
        rows
          .withColumn(Recommender.User, Recommender.row(sentUsers)(Recommender.id(rows, "userCol", $(userCol))))
          .withColumn(Recommender.Item, Recommender.row(sentItems)(Recommender.id(rows, "itemCol", $(itemCol)))))
    } finally {
      sentUsers.destroy()
      sentItems.destroy()
    }
  }

  /** An estimator with these Params that trains a network of users and items. */
  private[ml] def learner: NetEstimator = {
    val net = copyValues(new NetEstimator(uid))
    net.epochListener = epochListener
    net.setInputCols(Array(Recommender.User, Recommender.Item))
      .setTargetCols(Array(Recommender.Target))
      .setOutputCols(Array(Recommender.Output)) // the network's own name may be that of a column, such as rating
  }
}

private[ml] object Recommender {
  val User = "kiln_user"
  val Item = "kiln_item"
  val Target = "kiln_target"
  val Output = "kiln_output"
  private val Own = Seq(User, Item, Target)

  def id(rows: Dataset[_], param: String, name: String): Column =
    FeedColumn.find(rows.schema, param, name).of(rows).cast(DataTypes.LongType)

  /** The row of an id: null for null, below 0 for an unknown one. */
  def row(ids: Broadcast[Ids]): Column => Column = {
    val find = udf((id: Long) => ids.value.row(id))
    find(_)
  }
}
