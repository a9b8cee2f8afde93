package io.kiln.ml

import io.kiln.spark.model.{Factors, Ids, MlFiles, SentOnce}
import io.kiln.spark.report.TrainingSummary
import org.apache.hadoop.fs.Path
import org.apache.spark.broadcast.Broadcast
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{MLReadable, MLReader, MLWritable, MLWriter}
import org.apache.spark.sql.{DataFrame, Dataset, Encoders, Row, SparkSession}
import org.apache.spark.sql.functions.udf
import org.apache.spark.sql.types._

import scala.jdk.CollectionConverters._

/** Vectors of users and items; made by [[TwoTower]]. */
class TwoTowerModel private[ml] (
    override val uid: String, private[ml] val sent: SentOnce[(Factors, Factors)])
    extends RecommenderModel[TwoTowerModel]
    with MLWritable {

  private[ml] def this(uid: String, users: Factors, items: Factors, mean: Double) = {
    this(uid, new SentOnce((users, items)))
    set(meanRating, mean)
  }

  /** Never called, but required by the service loader, through which Spark Connect finds the class. */
  private[ml] def this() = this("", null: SentOnce[(Factors, Factors)])

  private[ml] override def users: Ids = sent.value._1.ids

  private[ml] override def items: Ids = sent.value._2.ids

  private def table(factors: Factors): DataFrame = {
    val rows = (0 until factors.ids.size).map(i => Row(factors.ids.id(i), factors.vector(i).toSeq))
    session.createDataFrame(rows.asJava, TwoTowerModel.Table)
  }

  /** The vectors of the users: id and features. Products of both sides, plus the mean rating, are predictions. */
  def userFactors: DataFrame = table(sent.value._1)

  /** The vectors of the items: id and features. */
  def itemFactors: DataFrame = table(sent.value._2)

  override def transform(dataset: Dataset[_]): DataFrame = {
    transformSchema(dataset.schema, logging = true)
    val both = sent.on(dataset.sparkSession)
    val mean = $(meanRating).toFloat
    val score = udf { (user: java.lang.Long, item: java.lang.Long) =>
      val u = if (user == null) -1 else both.value._1.ids.row(user)
      val i = if (item == null) -1 else both.value._2.ids.row(item)
      if (u < 0 || i < 0) Float.NaN else mean + both.value._1.score(u, both.value._2, i)
    }
    val predicted = dataset.withColumn(
      $(predictionCol),
      score(Recommender.id(dataset, "userCol", $(userCol)), Recommender.id(dataset, "itemCol", $(itemCol))))
    if (getColdStartStrategy == "drop") predicted.na.drop("any", Seq($(predictionCol))) else predicted
  }

  private[ml] override def recommending(ofUsers: Boolean, count: Int): RecommenderModel.Opened =
    TwoTowerModel.recommending(sent.on(session), ofUsers, count)

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

  private def recommending(sent: Broadcast[(Factors, Factors)], ofUsers: Boolean, count: Int): RecommenderModel.Opened = () => {
    val (of, among) = if (ofUsers) sent.value else sent.value.swap
    id => Some(of.ids.row(id)).filter(_ >= 0).map(of.best(_, among, count))
  }

  private def factors(session: SparkSession, path: String): Factors = {
    val rows = session.read.schema(Table).parquet(path).collect().sortBy(_.getLong(0))
    new Factors(new Ids(rows.map(_.getLong(0)): _*), rows.flatMap(_.getSeq[Float](1)): _*)
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
