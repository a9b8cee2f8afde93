package io.kiln.spark.plan

import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.execution.{SparkPlan, SparkStrategy}

/** Plans the logical node as the physical one. */
object PlanPredictions extends SparkStrategy {
  override def apply(plan: LogicalPlan): Seq[SparkPlan] = plan match {
    case PredictRows(features, prediction, predicted, child) =>
      Seq(PredictRowsExec(features, prediction, predicted, planLater(child)))
    case _ => Nil
  }
}
