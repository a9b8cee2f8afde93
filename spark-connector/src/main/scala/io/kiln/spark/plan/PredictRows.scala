package io.kiln.spark.plan

import io.kiln.spark.feed.FeedColumn
import org.apache.spark.sql.catalyst.expressions._
import org.apache.spark.sql.catalyst.plans.logical.{LogicalPlan, Project, UnaryNode}
import org.apache.spark.sql.types.{StructField, StructType}

import scala.jdk.CollectionConverters._

/**
 * The child's rows with the network's predictions. Catalyst's nodes are Scala case classes: it copies and compares them
 * by their fields.
 *
 * @param features the columns that the network reads
 * @param prediction computes the predictions
 * @param predicted the new columns
 * @param child the rows
 */
case class PredictRows(
    features: Seq[Expression], prediction: RowPredictor, predicted: Seq[Attribute], child: LogicalPlan)
    extends UnaryNode {
  override def output: Seq[Attribute] = child.output ++ predicted

  override def producedAttributes: AttributeSet = AttributeSet(predicted)

  override def maxRows: Option[Long] = child.maxRows

  override def maxRowsPerPartition: Option[Long] = child.maxRowsPerPartition

  override protected def withNewChildInternal(newChild: LogicalPlan): PredictRows = copy(child = newChild)
}

object PredictRows {

  /**
   * Returns a plan that adds predicted columns to another.
   *
   * @param child the other plan, analyzed
   * @param sources the columns that the network reads in it
   * @param fields the new columns, with their metadata
   * @param prediction computes their values
   */
  def over(
      child: LogicalPlan, sources: java.util.List[FeedColumn], fields: java.util.List[StructField], prediction: RowPredictor): LogicalPlan = {
    val values = sources.asScala.toSeq.map { source =>
      val column: Expression = child.output(source.path.get(0))
      source.path.asScala.tail.foldLeft(column) { (struct, at) =>
        GetStructField(struct, at, Some(struct.dataType.asInstanceOf[StructType](at).name))
      }
    }
    val predicted = fields.asScala.toSeq.map(f => AttributeReference(f.name, f.dataType, f.nullable, f.metadata)())
    // Spark renews the ids of aliases if both sides of a join contain this plan, but not those of this node.
    Project(child.output ++ predicted.map(a => Alias(a, a.name)()), PredictRows(values, prediction, predicted, child))
  }
}
