package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import io.kiln.spark.model.{Factors, MlFiles, OutputColumns, SentOnce}
import io.kiln.spark.report.TrainingSummary
import org.apache.hadoop.fs.Path
import org.apache.spark.ml.Model
import org.apache.spark.ml.param.{DoubleParam, ParamMap}
import org.apache.spark.ml.util.{MLReadable, MLReader, MLWritable, MLWriter}
import org.apache.spark.sql.{DataFrame, Dataset, Encoders, Row, SparkSession}
import org.apache.spark.sql.functions.{col, udf}
import org.apache.spark.sql.types._

import scala.jdk.CollectionConverters._

/** Vectors of users and items; made by [[TwoTower]]. */
class TwoTowerModel private[ml] (
    override val uid: String, private[ml] val sent: SentOnce[(Factors, Factors)])
    extends Model[TwoTowerModel]
    with TwoTowerModelParams
    with HasTrainingHistory
    with MLWritable {

  /** The mean of the ratings, which predictions are added to; 0 without ratings. @group param */
  final val meanRating: DoubleParam = new DoubleParam(this, "meanRating", "mean of the training's ratings; set by training")

  private[ml] def this(uid: String, users: Factors, items: Factors, mean: Double) = {
    this(uid, new SentOnce((users, items)))
    set(meanRating, mean)
  }

  /** Never called, but required by the service loader, through which Spark Connect finds the class. */
  private[ml] def this() = this("", null: SentOnce[(Factors, Factors)])

  /** @group setParam */
  def setUserCol(value: String): this.type = set(userCol, value)

  /** @group setParam */
  def setItemCol(value: String): this.type = set(itemCol, value)

  /** @group setParam */
  def setPredictionCol(value: String): this.type = set(predictionCol, value)

  /** @group setParam */
  def setColdStartStrategy(value: String): this.type = set(coldStartStrategy, value)

  private def users: Factors = sent.value._1

  private def items: Factors = sent.value._2

  private def session: SparkSession = SparkSession.active

  private def table(factors: Factors): DataFrame = {
    val rows = (0 until factors.size).map(i => Row(factors.id(i), factors.vector(i).toSeq))
    session.createDataFrame(rows.asJava, TwoTowerModel.Table)
  }

  /** The vectors of the users: id and features. Products of both sides, plus the mean rating, are predictions. */
  def userFactors: DataFrame = table(users)

  /** The vectors of the items: id and features. */
  def itemFactors: DataFrame = table(items)

  override def transformSchema(schema: StructType): StructType = {
    TwoTowerModel.checkIds(schema, $(userCol), $(itemCol))
    TwoTowerModel.withPrediction(schema, $(predictionCol))
  }

  override def transform(dataset: Dataset[_]): DataFrame = {
    transformSchema(dataset.schema, logging = true)
    val both = sent.on(dataset.sparkSession)
    val mean = $(meanRating).toFloat
    val score = udf { (user: java.lang.Long, item: java.lang.Long) =>
      val u = if (user == null) -1 else both.value._1.row(user)
      val i = if (item == null) -1 else both.value._2.row(item)
      if (u < 0 || i < 0) Float.NaN else mean + both.value._1.score(u, both.value._2, i)
    }
    val predicted = dataset.withColumn(
      $(predictionCol), score(col($(userCol)).cast(LongType), col($(itemCol)).cast(LongType)))
    if ($(coldStartStrategy) == "drop") predicted.na.drop("any", Seq($(predictionCol))) else predicted
  }

  /** The best items of each user: the user's id, and an array of structs of the item's id and its rating. */
  def recommendForAllUsers(numItems: Int): DataFrame =
    recommend(users, items, $(userCol), $(itemCol), numItems, ids(users))

  /** The best users of each item. */
  def recommendForAllItems(numUsers: Int): DataFrame =
    recommend(items, users, $(itemCol), $(userCol), numUsers, ids(items))

  /** The best items of the users in a DataFrame; those that training has not seen have none. */
  def recommendForUserSubset(dataset: Dataset[_], numItems: Int): DataFrame =
    recommend(users, items, $(userCol), $(itemCol), numItems, subset(dataset, "userCol", $(userCol)))

  /** The best users of the items in a DataFrame. */
  def recommendForItemSubset(dataset: Dataset[_], numUsers: Int): DataFrame =
    recommend(items, users, $(itemCol), $(userCol), numUsers, subset(dataset, "itemCol", $(itemCol)))

  private def ids(of: Factors): DataFrame =
    session.createDataFrame((0 until of.size).map(i => Tuple1(of.id(i)))).toDF("id")

  private def subset(dataset: Dataset[_], param: String, name: String): DataFrame =
    dataset.select(FeedColumn.find(dataset.schema, param, name).of(dataset).cast(LongType).as("id")).na.drop().distinct()

  private def recommend(
      from: Factors, to: Factors, fromName: String, toName: String, count: Int, wanted: DataFrame): DataFrame = {
    require(count > 0, s"$uid: recommend: the number of recommendations must be at least 1, got $count")
    val both = sent.on(session)
    val turned = from ne users
    val mean = $(meanRating).toFloat
    val entry = new StructType().add(toName, LongType, nullable = false).add("rating", FloatType, nullable = false)
    val schema = new StructType().add(fromName, LongType, nullable = false)
      .add("recommendations", ArrayType(entry, containsNull = false), nullable = false)
    val rows = wanted.rdd.flatMap { r =>
      val (of, among) = if (turned) both.value.swap else both.value
      val row = of.row(r.getLong(0))
      if (row < 0) None
      else
        Some(Row(
          r.getLong(0),
          of.best(row, among, count).asScala.toSeq.map(s => Row(s.id, mean + s.score))))
    }
    session.createDataFrame(rows, schema)
  }

  override def copy(extra: ParamMap): TwoTowerModel = {
    val that = copyValues(new TwoTowerModel(uid, sent), extra)
    that.takeHistory(this)
    that.setParent(parent)
  }

  override def write: MLWriter = new MLWriter {
    override protected def saveImpl(path: String): Unit = {
      MlFiles.write(TwoTowerModel.this, path, sparkSession)
      userFactors.write.parquet(s"$path/userFactors")
      itemFactors.write.parquet(s"$path/itemFactors")
      history.foreach { h =>
        sparkSession.createDataset(Seq(h.toJson.toString))(Encoders.STRING).write.text(s"$path/summary")
      }
    }
  }

  override def toString: String = s"TwoTowerModel: uid=$uid, users=${users.size}, items=${items.size}"
}

/** Reads saved models. */
object TwoTowerModel extends MLReadable[TwoTowerModel] {
  private val Table = new StructType().add("id", LongType, nullable = false)
    .add("features", ArrayType(FloatType, containsNull = false), nullable = false)

  private[ml] def checkIds(schema: StructType, userCol: String, itemCol: String): Unit =
    Seq("userCol" -> userCol, "itemCol" -> itemCol).foreach { case (param, name) =>
      val kind = FeedColumn.find(schema, param, name).field.dataType
      require(
        Seq(ByteType, ShortType, IntegerType, LongType).contains(kind),
        s"$param: column \"$name\" is of type ${kind.catalogString}; ids are whole numbers, index others with StringIndexer and cast them to int")
    }

  private[ml] def withPrediction(schema: StructType, name: String): StructType =
    OutputColumns.append(schema, "predictionCol", name, FloatType)

  private def factors(session: SparkSession, path: String): Factors = {
    val rows = session.read.schema(Table).parquet(path).collect().sortBy(_.getLong(0))
    new Factors(rows.map(_.getLong(0)), rows.flatMap(_.getSeq[Float](1)): _*)
  }

  override def read: MLReader[TwoTowerModel] = new MLReader[TwoTowerModel] {
    override def load(path: String): TwoTowerModel = {
      val model = MlFiles.read(path, sparkSession, classOf[TwoTowerModel].getName, (uid: String) => new TwoTowerModel(
        uid,
        new SentOnce((factors(sparkSession, s"$path/userFactors"), factors(sparkSession, s"$path/itemFactors")))))
      val summary = new Path(path, "summary")
      if (summary.getFileSystem(sparkSession.sparkContext.hadoopConfiguration).exists(summary)) {
        val json = sparkSession.read.text(summary.toString).collect().map(_.getString(0)).mkString
        model.history = Some(TrainingSummary.fromJson(json))
      }
      model
    }
  }

  override def load(path: String): TwoTowerModel = super.load(path)
}
