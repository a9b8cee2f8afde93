package app

import io.kiln.ml.NetClassifier
import io.kiln.nn.{Dense, Sequential}
import io.kiln.op.activation.Activation
import org.apache.spark.ml.{Pipeline, PipelineModel}
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator
import org.apache.spark.ml.feature.VectorAssembler
import org.apache.spark.sql.{DataFrame, SparkSession}

/** Trains a classifier on a CSV file whose last column is the class, and saves the pipeline: `Train <csv> <model>`. */
object Train {
  def main(args: Array[String]): Unit = {
    require(args.length == 2, s"Train wants two arguments, a CSV file and a directory for the model; got ${args.length}")
    val spark = SparkSession.builder().appName("@name@").getOrCreate()
    try {
      val Array(seen, unseen) = read(spark, args(0)).randomSplit(Array(0.75, 0.25), 1)
      val model = fit(seen, workers = 2)
      println(f"accuracy on rows that it has not seen: ${accuracy(model, unseen)}%.3f")
      model.write.overwrite().save(args(1))
    } finally spark.stop()
  }

  def read(spark: SparkSession, csv: String): DataFrame =
    spark.read.option("header", true).option("inferSchema", true).csv(csv)

  /** Columns to a vector, which the network gets with mean 0 and deviation 1. */
  def fit(rows: DataFrame, workers: Int): PipelineModel = {
    val features = new VectorAssembler().setInputCols(rows.columns.init).setOutputCol("features")
    val classifier = new NetClassifier()
      .setNetwork(new Sequential(new Dense(32, Activation.RELU), new Dense(3)))
      .setLabelCol(rows.columns.last)
      .setStandardizeFeatures(true)
      .setMaxEpochs(40)
      .setBatchSize(16)
      .setNumWorkers(workers)
      .setSeed(1)
    new Pipeline().setStages(Array(features, classifier)).fit(rows)
  }

  def accuracy(model: PipelineModel, rows: DataFrame): Double =
    new MulticlassClassificationEvaluator()
      .setLabelCol(rows.columns.last)
      .setMetricName("accuracy")
      .evaluate(model.transform(rows))
}
