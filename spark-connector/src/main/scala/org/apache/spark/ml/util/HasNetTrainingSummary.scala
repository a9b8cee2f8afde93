package org.apache.spark.ml.util

import org.apache.spark.sql.DataFrame

/** MLlib's model with a summary, which clients of Spark Connect may ask for. MLlib hides it from code outside of Spark.
  *
  * @tparam T the summary
  */
trait HasNetTrainingSummary[T] extends HasTrainingSummary[T] {

  // Spark Connect's server moves models to disk and back. A network's files hold its summary already.

  override private[spark] def saveSummary(path: String): Unit = ()

  override private[spark] def loadSummary(path: String, dataset: DataFrame): Unit = ()
}
