package io.kiln.ml

import org.apache.spark.sql.types.StructType

/** Columns that a stage adds for a while. */
private[ml] object OwnColumns {

  /** Rejects a DataFrame that has columns of these names. */
  def check(uid: String, schema: StructType, names: Seq[String]): Unit = names.foreach { name =>
    require(
      !schema.fieldNames.exists(_.equalsIgnoreCase(name)),
      s"$uid: the DataFrame has a column \"$name\", a name that this stage uses for a while; rename it")
  }
}
