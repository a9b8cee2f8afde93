package io.kiln.ml

import io.kiln.spark.feed.FeedColumn
import org.apache.spark.ml.attribute.{Attribute, NominalAttribute}
import org.apache.spark.ml.param.shared.HasLabelCol
import org.apache.spark.sql.Dataset
import org.apache.spark.sql.functions.{abs, isnan, max}
import org.apache.spark.sql.types.{NumericType, StructType}

/** How many classes a label column has: classifiers that make their network need the number. */
private[ml] trait ClassCount extends HasLabelCol {

  /** The number that the column's metadata states; two for a column that is no number. */
  private[ml] def declaredClasses(schema: StructType): Option[Int] = {
    val label = FeedColumn.find(schema, "labelCol", $(labelCol)).field
    if (!label.dataType.isInstanceOf[NumericType]) Some(ClassCount.Two)
    else
      Attribute.fromStructField(label) match {
        case a: NominalAttribute => a.getNumValues.map(math.max(_, ClassCount.Two))
        case _ => None
      }
  }

  /** The number of classes, which rows are read for if nothing states it.
    *
    * @param ignored the label of rows that do not count
    */
  private[ml] def classes(dataset: Dataset[_], ignored: Option[Long]): Int =
    declaredClasses(dataset.schema).getOrElse {
      val label = FeedColumn.find(dataset.schema, "labelCol", $(labelCol)).of(dataset).cast("double")
      // What is not a number is left to handleInvalid.
      val finite = dataset.toDF().where(!isnan(label) && abs(label) < Double.PositiveInfinity)
      val row = ignored.map(i => finite.where(label =!= i.toDouble)).getOrElse(finite).agg(max(label)).head()
      val most = if (row.isNullAt(0)) 1.0 else row.getDouble(0)
      require(
        most >= 0 && most == math.rint(most) && most < ClassCount.Most,
        s"$uid: column \"${$(labelCol)}\" has a label of $most; labels are 0, 1, … to ${ClassCount.Most - 1}, index them with StringIndexer")
      math.max(most.toInt + 1, ClassCount.Two)
    }
}

private[ml] object ClassCount {
  val Two = 2
  private val Most = 100000
}
