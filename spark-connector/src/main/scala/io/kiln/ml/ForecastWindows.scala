package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import org.apache.spark.sql.{Column, DataFrame, Dataset}
import org.apache.spark.sql.expressions.{Window, WindowSpec}
import org.apache.spark.sql.functions._

/** Windows of series, made by Spark's window functions: rows of a key are sorted within a task, and none is collected.
  *
  * @param uid the stage, for messages
  * @param key the column that tells series apart
  * @param time the column that sorts them
  * @param values the target and further columns
  * @param steps rows of a window
  * @param horizon rows after it that are forecast
  * @param handleInvalid what happens to windows with null, NaN or infinite values
  */
private[ml] final class ForecastWindows(
    uid: String, key: Option[String], time: String, values: Seq[String], steps: Int, horizon: Int, handleInvalid: String) {
  import ForecastWindows._

  private def column(data: Dataset[_], name: String): Column = FeedColumn.find(data.schema, "valueCols", name).of(data)

  private def ordered(data: Dataset[_], backwards: Boolean = false): WindowSpec = {
    val at = if (backwards) column(data, time).desc else column(data, time)
    key.map(k => Window.partitionBy(column(data, k)).orderBy(at)).getOrElse(Window.orderBy(at))
  }

  /** The numbers of a column that a window can use; null for others. */
  private def number(data: Dataset[_], name: String): Column = {
    val x = column(data, name).cast("double")
    when(!isnan(x) && abs(x) =!= lit(Double.PositiveInfinity), x)
  }

  /** The rows with their windows.
    *
    * Each variable is standardised by its mean and deviation in the window. Rows that have no full window, or one with
    * invalid values, have none.
    */
  def of(dataset: Dataset[_]): DataFrame = {
    val rows = ordered(dataset)
    val past = rows.rowsBetween(1L - steps, 0L)
    val full = count(lit(1)).over(past) === steps
    val valid = values.map(v => count(number(dataset, v)).over(past) === steps).reduce(_ && _)
    val wrong =
      if (handleInvalid == "error")
        raise_error(lit(
          s"$uid: a window of $steps rows has null, NaN or infinite values in columns ${values.mkString("[", ", ", "]")}; fill or drop such rows, or set handleInvalid"))
          .cast("array<double>")
      else lit(null).cast("array<double>")
    val parts = values.map { v =>
      val x = number(dataset, v)
      val mean = avg(x).over(past)
      val deviation = stddev_pop(x).over(past)
      transform(collect_list(x).over(past), e => when(deviation > 0, (e - mean) / deviation).otherwise(lit(0.0)))
    }
    val target = number(dataset, values.head)
    dataset.toDF()
      .withColumn(Steps, when(full && valid, concat(parts: _*)).when(full, wrong))
      .withColumn(Mean, avg(target).over(past))
      .withColumn(Deviation, stddev_pop(target).over(past))
      .withColumn(Invalid, full && !valid)
  }

  /** The last row of each series, with its window. */
  def last(dataset: Dataset[_]): DataFrame =
    of(dataset).withColumn(Last, row_number().over(ordered(dataset, backwards = true))).where(col(Last) === 1).drop(Last)

  /** Full windows with what follows them, standardised in the same way. Windows of equal values teach nothing: their deviation is 0. */
  def withTargets(dataset: Dataset[_]): DataFrame = {
    val rows = ordered(dataset)
    val target = number(dataset, values.head)
    val next = array((1 to horizon).map(i => lead(target, i).over(rows)): _*)
    of(dataset.withColumn(Next, next))
      .where(col(Steps).isNotNull && col(Deviation) > 0 && !exists(col(Next), _.isNull))
      .withColumn(Next, transform(col(Next), y => (y - col(Mean)) / col(Deviation)))
  }
}

private[ml] object ForecastWindows {
  val Steps = "kiln_window"
  val Mean = "kiln_mean"
  val Deviation = "kiln_deviation"
  val Invalid = "kiln_invalid"
  val Next = "kiln_next"
  val Filled = "kiln_filled"
  private val Last = "kiln_last"
}
