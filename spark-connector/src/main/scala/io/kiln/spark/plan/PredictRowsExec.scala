package io.kiln.spark.plan

import org.apache.spark.rdd.RDD
import org.apache.spark.sql.catalyst.InternalRow
import org.apache.spark.sql.catalyst.expressions._
import org.apache.spark.sql.catalyst.plans.physical.Partitioning
import org.apache.spark.sql.execution.{SparkPlan, UnaryExecNode}

import scala.jdk.CollectionConverters._

/**
 * Predicts batch by batch: reads rows ahead until a batch is full, and returns them with their predictions.
 *
 * @param features the columns that the network reads
 * @param prediction computes the predictions
 * @param predicted the new columns
 * @param child the rows
 */
case class PredictRowsExec(
    features: Seq[Expression], prediction: RowPredictor, predicted: Seq[Attribute], child: SparkPlan)
    extends UnaryExecNode {
  override def output: Seq[Attribute] = child.output ++ predicted

  override def producedAttributes: AttributeSet = AttributeSet(predicted)

  override def outputPartitioning: Partitioning = child.outputPartitioning

  override def outputOrdering: Seq[SortOrder] = child.outputOrdering

  override protected def doExecute(): RDD[InternalRow] = {
    val values = features.map(f => BindReferences.bindReference(f, child.output)).toArray
    val all = output
    val run = prediction
    child.execute().mapPartitions { rows =>
      val join = UnsafeProjection.create(all, all)
      run.predict(rows.asJava, values: _*).asScala.map(join)
    }
  }

  override protected def withNewChildInternal(newChild: SparkPlan): PredictRowsExec = copy(child = newChild)
}
