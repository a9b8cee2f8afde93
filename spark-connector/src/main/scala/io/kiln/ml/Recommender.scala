package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import io.kiln.spark.model.Ids
import org.apache.spark.broadcast.Broadcast
import org.apache.spark.internal.Logging
import org.apache.spark.sql.{Column, DataFrame, Dataset, Encoders}
import org.apache.spark.sql.functions._
import org.apache.spark.sql.catalyst.encoders.ExpressionEncoder
import org.apache.spark.sql.types.{DataTypes, StructType}

/** What estimators that recommend share: users and items become rows of tables, and a [[NetEstimator]] learns these.
  *
  * @tparam Learner the estimator itself, which setters return
  */
trait Recommender[Learner <: Recommender[Learner]]
    extends RecommenderParams
    with RecommenderModelSetters[Learner]
    with NetSetters[Learner]
    with Logging { self: Learner =>

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

  /** Whether a row is marked for validation; null if that is not known. */
  private[ml] def held(rows: DataFrame): Column =
    optional(validationIndicatorCol) match {
      case "" => lit(false)
      case name => FeedColumn.find(rows.schema, "validationIndicatorCol", name).of(rows)
    }

  /** Whether training can read a row. */
  private def valid(rows: DataFrame): Column = {
    def number(value: Column): Column = abs(value) < Float.PositiveInfinity // NaN is above
    val pair = Recommender.id(rows, "userCol", $(userCol)).isNotNull && Recommender.id(rows, "itemCol", $(itemCol)).isNotNull
    val rate = if (rated) number(rating(rows).cast(DataTypes.FloatType)) else lit(true)
    val weight = optional(weightCol) match {
      case "" => lit(true)
      case name => number(FeedColumn.find(rows.schema, "weightCol", name).of(rows).cast(DataTypes.DoubleType))
    }
    coalesce(pair && rate && weight && held(rows).isNotNull, lit(false))
  }

  /** The rows that users, items and the mean are taken from: those that training reads, and does not only validate with. */
  private[ml] def trained(rows: DataFrame): DataFrame = rows.where(valid(rows) && !held(rows))

  /** The ids of a column. */
  private[ml] def ids(trained: DataFrame, param: String, name: String): Ids = {
    val all = trained.select(Recommender.id(trained, param, name)).distinct().as(Encoders.scalaLong)
      .mapPartitions(Recommender.together(_))(Recommender.Longs).collect().flatten
    java.util.Arrays.sort(all)
    val rate = if (rated) s" and a finite rating in column \"${$(ratingCol)}\"" else ""
    val notHeld = if (optional(validationIndicatorCol).nonEmpty) ", and is not held for validation" else ""
    require(all.nonEmpty, s"$uid: the DataFrame has no rows to train on: none has a user, an item$rate$notHeld")
    new Ids(all: _*)
  }

  /** The ratings of rows. */
  private[ml] def rating(rows: DataFrame): Column =
    FeedColumn.find(rows.schema, "ratingCol", $(ratingCol)).of(rows).cast(DataTypes.DoubleType)

  /** The mean of the ratings; 0 without ratings. */
  private[ml] def mean(trained: DataFrame): Double = if (rated) trained.agg(avg(rating(trained))).head().getDouble(0) else 0.0

  /** Trains on rows to which the rows of users and items in their tables have been added. Held rows with others are left out. */
  private[ml] def indexed[T](rows: DataFrame, users: Ids, items: Ids)(train: DataFrame => T): T = {
    val context = rows.sparkSession.sparkContext
    val (sentUsers, sentItems) = (context.broadcast(users), context.broadcast(items))
    try {
      train(
        withoutStrangers(
          rows
            .withColumn(Recommender.User, Recommender.row(sentUsers)(Recommender.id(rows, "userCol", $(userCol))))
            .withColumn(Recommender.Item, Recommender.row(sentItems)(Recommender.id(rows, "itemCol", $(itemCol))))))
    } finally {
      sentUsers.destroy()
      sentItems.destroy()
    }
  }

  /** The rows without those held ones whose user or item has no row in the tables. Invalid ones stay, for handleInvalid. */
  private def withoutStrangers(rows: DataFrame): DataFrame =
    if (optional(validationIndicatorCol).isEmpty) rows
    else {
      val validates = valid(rows) && held(rows)
      val strange = Recommender.strange
      val counts = rows.where(validates).agg(count_if(strange), count(lit(1))).head()
      val (out, all) = (counts.getLong(0), counts.getLong(1))
      if (out == 0) rows
      else {
        require(
          out < all,
          s"$uid: validationIndicatorCol: all $all rows held for validation have a user or an item that is in no row of the training; hold rows of users and items that are trained")
        logWarning(
          s"$uid: $out of $all rows held for validation are left out: their user or item is in no row of the training")
        rows.where(!(validates && strange))
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

  private val Longs = ExpressionEncoder[Array[Long]]()

  /** One array for a partition: an object for each id would need several times the memory. */
  private def together(ids: Iterator[Long]): Iterator[Array[Long]] = Iterator(ids.toArray)

  /** Whether the user or the item has no row in the tables. */
  def strange: Column = coalesce(col(User) < 0 || col(Item) < 0, lit(false))

  def id(rows: Dataset[_], param: String, name: String): Column =
    FeedColumn.find(rows.schema, param, name).of(rows).cast(DataTypes.LongType)

  /** The row of an id: null for null, below 0 for an unknown one. */
  def row(ids: Broadcast[Ids]): Column => Column = {
    val find = udf((id: Long) => ids.value.row(id))
    find(_)
  }
}
