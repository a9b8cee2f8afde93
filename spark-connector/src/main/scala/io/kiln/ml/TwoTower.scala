package io.kiln.ml

import io.kiln.spark.model.TwoTowerNetwork
import org.apache.spark.ml.Estimator
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.ml.util.{DefaultParamsWritable, Identifiable, MLReadable, MLReader}
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.functions.{col, lit}
import org.apache.spark.sql.types.StructType

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
    with Recommender[TwoTower]
    with DefaultParamsWritable {

  /** Creates an estimator with a random uid. */
  def this() = this(Identifiable.randomUID("twoTower"))

  override def transformSchema(schema: StructType): StructType = checked(schema)

  override def fit(dataset: Dataset[_]): TwoTowerModel = {
    transformSchema(dataset.schema, logging = true)
    val rows = dataset.toDF()
    val known = trained(rows)
    val (userIds, itemIds) = (ids(known, "userCol", $(userCol)), ids(known, "itemCol", $(itemCol)))
    val average = mean(known)
    indexed(rows, userIds, itemIds) { pairs =>
      val target = if (rated) rating(pairs) - lit(average) else col(Recommender.Item)
      val trained = learner
        .setNetwork(TwoTowerNetwork.of(userIds.size.toLong, itemIds.size.toLong, $(rank).toLong, rated))
        .setLosses(Array(TwoTowerNetwork.loss(rated)))
        .fit(pairs.withColumn(Recommender.Target, target))
      val tables = TwoTowerNetwork.factors(trained.trainedNetwork, userIds, itemIds, rated)
      val model = copyValues(new TwoTowerModel(uid, tables.get(0), tables.get(1), average).setParent(this))
      model.history = trained.history
      model
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
  override def read: MLReader[TwoTower] = NetModels.estimator(classOf[TwoTower].getName)(new TwoTower(_))

  override def load(path: String): TwoTower = super.load(path)
}
