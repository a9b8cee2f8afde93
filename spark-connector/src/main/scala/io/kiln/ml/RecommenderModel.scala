package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import io.kiln.spark.model.{Ids, OutputColumns}
import io.kiln.spark.model.BestScores.Scored
import org.apache.spark.ml.Model
import org.apache.spark.ml.param.DoubleParam
import org.apache.spark.sql.{DataFrame, Dataset, Row, SparkSession}
import org.apache.spark.sql.types._

import scala.jdk.CollectionConverters._

/** Setters that estimators which recommend share with their models.
  *
  * @tparam Stage the estimator or model itself, which setters return
  */
trait RecommenderModelSetters[Stage <: RecommenderModelSetters[Stage]] extends RecommenderModelParams { self: Stage =>

  /** @group setParam */
  def setUserCol(value: String): Stage = set(userCol, value)

  /** @group setParam */
  def setItemCol(value: String): Stage = set(itemCol, value)

  /** @group setParam */
  def setPredictionCol(value: String): Stage = set(predictionCol, value)

  /** @group setParam */
  def setColdStartStrategy(value: String): Stage = set(coldStartStrategy, value)
}

/** What models that recommend share, in the way of MLlib's `ALSModel`.
  *
  * @tparam M the model itself, which setters return
  */
abstract class RecommenderModel[M <: RecommenderModel[M]] private[ml]
    extends Model[M]
    with RecommenderModelSetters[M]
    with HasTrainingHistory { self: M =>

  /** The mean of the ratings, which predictions are added to; 0 without ratings. @group param */
  final val meanRating: DoubleParam = new DoubleParam(this, "meanRating", "mean of the training's ratings; set by training")

  private[ml] def users: Ids

  private[ml] def items: Ids

  /** What finds the best of the other side for an id, in a task that calls it first; none for an unknown id.
    *
    * @param ofUsers whether the ids are those of users, and items are recommended
    * @param count how many are recommended
    */
  private[ml] def recommending(ofUsers: Boolean, count: Int): RecommenderModel.Opened

  private[ml] def session: SparkSession = SparkSession.active

  override def transformSchema(schema: StructType): StructType = {
    RecommenderModel.checkIds(schema, $(userCol), $(itemCol))
    RecommenderModel.withPrediction(schema, $(predictionCol))
  }

  /** The best items of each user: the user's id, and an array of structs of the item's id and its rating. */
  def recommendForAllUsers(numItems: Int): DataFrame = recommend(ofUsers = true, numItems, table(users))

  /** The best users of each item. */
  def recommendForAllItems(numUsers: Int): DataFrame = recommend(ofUsers = false, numUsers, table(items))

  /** The best items of the users in a DataFrame; those that training has not seen have none. */
  def recommendForUserSubset(dataset: Dataset[_], numItems: Int): DataFrame =
    recommend(ofUsers = true, numItems, subset(dataset, "userCol", $(userCol)))

  /** The best users of the items in a DataFrame. */
  def recommendForItemSubset(dataset: Dataset[_], numUsers: Int): DataFrame =
    recommend(ofUsers = false, numUsers, subset(dataset, "itemCol", $(itemCol)))

  private def table(of: Ids): DataFrame =
    session.createDataFrame((0 until of.size).map(i => Tuple1(of.id(i)))).toDF("id")

  private def subset(dataset: Dataset[_], param: String, name: String): DataFrame =
    dataset.select(FeedColumn.find(dataset.schema, param, name).of(dataset).cast(LongType).as("id")).na.drop().distinct()

  private def recommend(ofUsers: Boolean, count: Int, wanted: DataFrame): DataFrame = {
    require(count > 0, s"$uid: recommend: the number of recommendations must be at least 1, got $count")
    val (from, to) = if (ofUsers) ($(userCol), $(itemCol)) else ($(itemCol), $(userCol))
    val entry = new StructType().add(to, LongType, nullable = false).add("rating", FloatType, nullable = false)
    val schema = new StructType().add(from, LongType, nullable = false)
      .add("recommendations", ArrayType(entry, containsNull = false), nullable = false)
    session.createDataFrame(RecommenderModel.best(wanted, recommending(ofUsers, count), $(meanRating).toFloat), schema)
  }
}

private[ml] object RecommenderModel {
  /** What finds the best, once it is opened in a task. */
  type Opened = () => Long => Option[java.util.List[Scored]]

  private def best(wanted: DataFrame, open: Opened, mean: Float) = wanted.rdd.mapPartitions { ids =>
    val find = open()
    ids.flatMap { r =>
      find(r.getLong(0)).map(found => Row(r.getLong(0), found.asScala.toSeq.map(s => Row(s.id, mean + s.score))))
    }
  }

  def checkIds(schema: StructType, userCol: String, itemCol: String): Unit =
    Seq("userCol" -> userCol, "itemCol" -> itemCol).foreach { case (param, name) =>
      val kind = FeedColumn.find(schema, param, name).field.dataType
      require(
        Seq(ByteType, ShortType, IntegerType, LongType).contains(kind),
        s"$param: column \"$name\" is of type ${kind.catalogString}; ids are whole numbers, index others with StringIndexer and cast them to int")
    }

  def withPrediction(schema: StructType, name: String): StructType =
    OutputColumns.append(schema, "predictionCol", name, FloatType)
}
