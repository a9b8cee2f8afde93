package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import org.apache.spark.sql.{Column, DataFrame, Dataset}
import org.apache.spark.sql.expressions.{Window, WindowSpec}
import org.apache.spark.sql.functions._
import org.apache.spark.sql.types.StructType

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

  /** Whether a row has a key and a time. */
  private def known(data: Dataset[_]): Column = (time +: key.toSeq).map(column(data, _).isNotNull).reduce(_ && _)

  /** Equal times are ordered by the values: in any order of arrival, the windows are the same. */
  private def ordered(data: Dataset[_]): WindowSpec =
    Window.partitionBy(key.map(column(data, _)).toSeq :+ known(data): _*).orderBy((time +: values).map(column(data, _)): _*)

  /** The numbers of a column that a window can use; null for others. */
  private def number(data: Dataset[_], name: String): Column = {
    val x = column(data, name).cast("double")
    when(!isnan(x) && abs(x) =!= lit(Double.PositiveInfinity), x)
  }

  private def text(data: Dataset[_], name: String): Column = coalesce(column(data, name).cast("string"), lit("null"))

  /** Which row it is, for messages. */
  private def place(data: Dataset[_]): Column = {
    val at = concat(lit(s"$time "), text(data, time))
    key.map(k => concat(lit(s"$k "), text(data, k), lit(", "), at)).getOrElse(at)
  }

  /** The rows with their windows.
    *
    * Each variable is standardised by its mean and deviation in the window. Rows that have no full window, or one with
    * invalid values, have none. Rows without a key or a time belong to no series and are invalid too.
    */
  def of(dataset: Dataset[_]): DataFrame = {
    val rows = ordered(dataset)
    val past = rows.rowsBetween(1L - steps, 0L)
    val full = count(lit(1)).over(past) === steps
    val invalid = !known(dataset) || full && !values.map(v => count(number(dataset, v)).over(past) === steps).reduce(_ && _)
    val wrong =
      if (handleInvalid == "error")
        raise_error(concat(
          lit(s"$uid: the window of $steps rows up to "), place(dataset),
          lit(s" has null, NaN or infinite values in columns ${values.mkString("[", ", ", "]")}, or no key or time; fill or drop such rows, or set handleInvalid")))
          .cast("array<double>")
      else lit(null).cast("array<double>")
    val parts = values.map { v =>
      val x = number(dataset, v)
      val mean = avg(x).over(past)
      val deviation = stddev_pop(x).over(past)
      transform(collect_list(x).over(past), e => when(varies(mean, deviation), (e - mean) / deviation).otherwise(lit(0.0)))
    }
    val target = number(dataset, values.head)
    dataset.toDF()
      .withColumn(Steps, when(invalid, wrong).when(full, concat(parts: _*)))
      .withColumn(Mean, avg(target).over(past))
      .withColumn(Deviation, stddev_pop(target).over(past))
      .withColumn(Invalid, invalid)
  }

  /** The last row of each series, with its window. */
  def last(dataset: Dataset[_]): DataFrame =
    of(dataset.withColumn(Last, lead(lit(true), 1).over(ordered(dataset)).isNull)).where(col(Last)).drop(Last)

  /** Full windows with what follows them, standardised in the same way. Windows of equal values teach nothing.
    *
    * @param dataset the rows
    * @param validation the column of rows that are left to validation, whose place a column of windows takes: those of which
    *   all values that are forecast are left to it. Windows with some such values only are left out.
    */
  def withTargets(dataset: Dataset[_], validation: Option[String]): DataFrame = {
    val rows = ordered(dataset)
    val target = number(dataset, values.head)
    val next = array((1 to horizon).map(i => lead(target, i).over(rows)): _*)
    val held = validation.map(v => (1 to horizon).map(i => lead(column(dataset, v), i).over(rows)))
    val leaks = held.map(h => coalesce(h.reduce(_ || _) && !h.reduce(_ && _), lit(false))).getOrElse(lit(false))
    val windows = of(dataset.withColumn(Next, next).withColumn(Leaks, leaks).withColumn(Held, held.map(_.reduce(_ && _)).getOrElse(lit(false))))
    validation.map(v => windows.withColumn(v, col(Held))).getOrElse(windows)
      .where(!col(Leaks) && col(Steps).isNotNull && varies(col(Mean), col(Deviation)) && !exists(col(Next), _.isNull))
      .withColumn(Next, transform(col(Next), y => (y - col(Mean)) / col(Deviation)))
      .drop(Leaks, Held)
  }
}

private[ml] object ForecastWindows {
  val Steps = "kiln_window"
  val Mean = "kiln_mean"
  val Deviation = "kiln_deviation"
  val Invalid = "kiln_invalid"
  val Next = "kiln_next"
  val Filled = "kiln_filled"
  val Standardized = "kiln_forecast"
  private val Last = "kiln_last"
  private val Leaks = "kiln_leaks"
  private val Held = "kiln_held"
  private val Own = Seq(Steps, Mean, Deviation, Invalid, Next, Filled, Standardized, Last, Leaks, Held)

  /** The part of a mean below which a deviation is the rounding of equal values. */
  private val Rounding = 1e-13

  /** Whether the values of a window differ by more than the rounding of their mean and deviation. */
  private def varies(mean: Column, deviation: Column): Column = deviation > abs(mean) * Rounding

  /** Rejects columns with the names of those that windows add for a while. */
  def checkNames(uid: String, schema: StructType): Unit = OwnColumns.check(uid, schema, Own)
}
