package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import io.kiln.spark.model.Calibration
import org.apache.spark.sql.{DataFrame, Dataset}
import org.apache.spark.sql.functions.{col, lit}

/** The temperature that calibrates a model of classes. */
private[ml] object ClassTemperature {
  private val Label = "kiln_label"
  private val Weight = "kiln_weight"
  private val Probability = "kiln_probability"

  /** Finds the temperature with which labels are most probable.
    *
    * @param dataset rows that were not trained on
    * @param labelCol the column of classes
    * @param weightCol the column of weights; empty for none
    * @param ignored the label of rows that do not count
    * @param predicted adds a column of probabilities, of the name that it is given
    */
  def of(dataset: Dataset[_], labelCol: String, weightCol: String, ignored: Option[Long])(
      predicted: (DataFrame, String) => DataFrame): Double = {
    val schema = dataset.schema
    val label = FeedColumn.find(schema, "labelCol", labelCol).of(dataset)
    val weight = if (weightCol.isEmpty) lit(1) else FeedColumn.find(schema, "weightCol", weightCol).of(dataset)
    val rows = dataset.withColumn(Label, label.cast("double")).withColumn(Weight, weight.cast("double"))
    val counted = ignored.map(i => rows.where(col(Label) =!= i.toDouble)).getOrElse(rows)
    Calibration.temperature(predicted(counted, Probability).select(Probability, Label, Weight))
  }
}
