package io.kiln.spark.plan

import org.apache.spark.sql.catalyst.expressions._
import org.apache.spark.sql.catalyst.plans.logical._
import org.apache.spark.sql.catalyst.rules.Rule

/**
 * Pushes everything that needs no prediction below the network: filters on other columns, and limits. Unused outputs
 * are not computed. Catalyst prunes the columns by itself.
 */
object OptimizePredictions extends Rule[LogicalPlan] with PredicateHelper {
  override def apply(plan: LogicalPlan): LogicalPlan = plan.transform {
    case Filter(condition, p: PredictRows) if splitConjunctivePredicates(condition).exists(passes(_, p)) =>
      val (below, above) = splitConjunctivePredicates(condition).partition(passes(_, p))
      val filtered = p.copy(child = Filter(below.reduce(And), p.child))
      above.reduceOption(And).fold[LogicalPlan](filtered)(Filter(_, filtered))
    case project @ Project(list, p: PredictRows)
        if !p.prediction.leavesOut && AttributeSet(list).intersect(p.producedAttributes).isEmpty =>
      project.copy(child = p.child)
    case limit @ LocalLimit(IntegerLiteral(n), p: PredictRows) if isLonger(p, n) =>
      limit.copy(child = cut(p, limit))
    case limit @ LocalLimit(IntegerLiteral(n), project @ Project(_, p: PredictRows)) if isLonger(p, n) =>
      limit.copy(child = project.copy(child = cut(p, limit)))
  }

  private def passes(condition: Expression, p: PredictRows): Boolean =
    condition.deterministic && !SubqueryExpression.hasSubquery(condition) &&
      condition.references.subsetOf(p.child.outputSet)

  private def isLonger(p: PredictRows, n: Int): Boolean =
    !p.prediction.leavesOut && p.child.maxRowsPerPartition.forall(_ > n)

  private def cut(p: PredictRows, limit: LocalLimit): PredictRows =
    p.copy(child = LocalLimit(limit.limitExpr, p.child))
}
