package io.kiln.ml

import io.kiln.spark.feed.{FeatureColumns, FeedColumn}
import org.apache.spark.ml.linalg.{SQLDataTypes, Vector}
import org.apache.spark.sql.Dataset

/** How many features rows have, which decides whether they are standardised. */
private[ml] object FeatureWidth {

  /** The number that types and metadata state, or that follows from the first row's vector, 0 without rows; empty for arrays and single numbers. */
  def of(dataset: Dataset[_], features: FeatureColumns): Option[Int] = {
    val columns = features.columns
    def vector(c: FeedColumn) = c.field.dataType == SQLDataTypes.VectorType
    if (columns.size == 1 && !vector(columns.get(0))) None
    else if (!features.unknown.isPresent) Some(features.declaredWidth.get)
    else
      Some(features.unknown.get).filter(vector).map { c =>
        dataset.select(c.of(dataset)).na.drop().take(1).headOption.map(r => features.width(r.getAs[Vector](0).size)).getOrElse(0)
      }
  }
}
