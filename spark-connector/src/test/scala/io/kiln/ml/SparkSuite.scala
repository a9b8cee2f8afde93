package io.kiln.ml

import io.kiln.nn.{Dense, Sequential}
import io.kiln.op.activation.Activation
import org.apache.spark.ml.linalg.Vectors
import org.apache.spark.sql.{DataFrame, SparkSession}
import org.scalatest.BeforeAndAfterAll
import org.scalatest.concurrent.{Signaler, ThreadSignaler, TimeLimitedTests}
import org.scalatest.funsuite.AnyFunSuite
import org.scalatest.time.{Minutes, Span}

import scala.util.Random

/** A suite with a local Spark of two cores, and small data. */
abstract class SparkSuite extends AnyFunSuite with BeforeAndAfterAll with TimeLimitedTests {
  override val timeLimit: Span = Span(5, Minutes)
  override val defaultTestSignaler: Signaler = ThreadSignaler

  protected lazy val spark: SparkSession = SparkSession
    .builder()
    .master("local[2]")
    .appName(getClass.getSimpleName)
    .config("spark.ui.enabled", "false")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.sql.shuffle.partitions", "2")
    .getOrCreate()

  override def afterAll(): Unit = {
    spark.stop()
    super.afterAll()
  }

  /** Points around three corners of a triangle, which a small network tells apart. */
  protected def corners(n: Int, seed: Long = 1): DataFrame = {
    val random = new Random(seed)
    val rows = (0 until n).map { i =>
      val label = i % 3
      val angle = 2 * math.Pi * label / 3
      (
        Vectors.dense(
          math.cos(angle) + 0.2 * random.nextGaussian(),
          math.sin(angle) + 0.2 * random.nextGaussian()),
        label.toDouble,
        i % 5 == 0)
    }
    spark.createDataFrame(rows).toDF("features", "label", "held")
  }

  protected def smallNet(outputs: Int): Sequential = new Sequential(new Dense(16, Activation.RELU), new Dense(outputs))

  protected def classifier(): NetClassifier =
    new NetClassifier().setNetwork(smallNet(3)).setBatchSize(32).setMaxEpochs(8).setLearningRate(0.02).setSeed(7)
}
