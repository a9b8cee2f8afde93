package io.kiln.spark.plan

import org.apache.spark.sql.{SparkSessionExtensions, SparkSessionExtensionsProvider}

/** Makes predictions known to the planner of every session that is built while Kiln is on the class path: Spark finds this class
  * by way of `META-INF/services`.
  */
class KilnExtensions extends SparkSessionExtensionsProvider {
  override def apply(extensions: SparkSessionExtensions): Unit = {
    extensions.injectOptimizerRule(_ => OptimizePredictions)
    extensions.injectPlannerStrategy(_ => PlanPredictions)
  }
}
