package io.kiln.ml

import io.kiln.spark.feed.FeatureColumns
import org.apache.spark.ml.param.StringArrayParam
import org.apache.spark.ml.param.shared.HasFeaturesCol
import org.apache.spark.sql.types.StructType

import scala.jdk.CollectionConverters._

/** Features from one column, or from several. */
trait NetFeaturesColsParams extends HasFeaturesCol {

  /** Columns that are put together. @group param */
  final val featuresCols: StringArrayParam = new StringArrayParam(
    this, "featuresCols",
    "columns of numbers, vectors and arrays that are put together to the features, in this order, instead of featuresCol",
    (a: Array[String]) => a.nonEmpty)

  /** @group getParam */
  final def getFeaturesCols: Array[String] = $(featuresCols)

  /** The columns of the features. */
  private[ml] def features(schema: StructType): FeatureColumns = {
    require(
      !isDefined(featuresCols) || !isSet(featuresCol),
      s"$uid: featuresCol and featuresCols are both set; clear one of them")
    if (isDefined(featuresCols)) FeatureColumns.bind(schema, "featuresCols", $(featuresCols).toSeq.asJava)
    else FeatureColumns.bind(schema, "featuresCol", java.util.List.of($(featuresCol)))
  }
}

/** The setter of several columns.
  *
  * @tparam Stage the estimator or model itself, which the setter returns
  */
trait NetFeaturesColsSetters[Stage <: NetFeaturesColsSetters[Stage]] extends NetFeaturesColsParams { self: Stage =>

  /** @group setParam */
  def setFeaturesCols(value: Array[String]): Stage = set(featuresCols, value)
}
