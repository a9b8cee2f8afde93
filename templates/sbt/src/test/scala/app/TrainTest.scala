package app

import java.nio.file.Files

import org.apache.spark.ml.PipelineModel
import org.apache.spark.sql.SparkSession
import org.scalatest.funsuite.AnyFunSuite

class TrainTest extends AnyFunSuite {
  test("a model that was saved predicts the same") {
    val spark = SparkSession.builder()
      .master("local[2]")
      .config("spark.ui.enabled", false)
      .config("spark.driver.bindAddress", "127.0.0.1")
      .getOrCreate()
    try {
      val Array(seen, unseen) = Train.read(spark, "data/wine.csv").randomSplit(Array(0.75, 0.25), 1)
      val model = Train.fit(seen, workers = 2)
      val accuracy = Train.accuracy(model, unseen)
      assert(accuracy > 0.9)
      val path = Files.createTempDirectory("model").resolve("saved").toString
      model.save(path)
      assert(Train.accuracy(PipelineModel.load(path), unseen) == accuracy)
    } finally spark.stop()
  }
}
