package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import org.apache.spark.ml.attribute.AttributeGroup
import org.apache.spark.ml.linalg.{SQLDataTypes, Vector}
import org.apache.spark.sql.Dataset

/** How many features a column of vectors has, which decides whether they are standardised. */
private[ml] object FeatureWidth {

  /** The number that the column's metadata states, or the first row has, 0 without rows; empty for other columns than vectors. */
  def of(dataset: Dataset[_], featuresCol: String): Option[Int] = {
    val column = FeedColumn.find(dataset.schema, "featuresCol", featuresCol)
    if (column.field.dataType != SQLDataTypes.VectorType) None
    else
      Some(AttributeGroup.fromStructField(column.field).size).filter(_ > 0).orElse(
        Some(dataset.select(column.of(dataset)).na.drop().take(1).headOption.map(_.getAs[Vector](0).size).getOrElse(0)))
  }
}
