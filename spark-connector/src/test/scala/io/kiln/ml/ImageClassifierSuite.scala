package io.kiln.ml

import org.apache.spark.ml.{Pipeline, PipelineModel}
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator
import org.apache.spark.ml.tuning.{CrossValidator, ParamGridBuilder}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

import java.awt.Color
import java.awt.image.BufferedImage
import java.io.ByteArrayOutputStream
import java.nio.file.Files
import javax.imageio.ImageIO
import scala.util.Random

/** Classes of images. */
class ImageClassifierSuite extends SparkSuite {
  import spark.implicits._

  private def png(kind: Int, random: Random): Array[Byte] = {
    val image = new BufferedImage(24, 20, BufferedImage.TYPE_INT_RGB)
    val g = image.createGraphics()
    g.setColor(new Color(random.nextInt(60), random.nextInt(60), random.nextInt(60)))
    g.fillRect(0, 0, 24, 20)
    g.setColor(Color.WHITE)
    val at = random.nextInt(12)
    if (kind == 0) g.fillRect(at, 0, 4, 20) else g.fillRect(0, at, 24, 4)
    g.dispose()
    val out = new ByteArrayOutputStream
    ImageIO.write(image, "png", out)
    out.toByteArray
  }

  /** Upright and level bars, as the content of files. */
  private lazy val bars: DataFrame = {
    val random = new Random(3)
    (0 until 120).map(n => (png(n % 2, random), n % 2)).toDF("image", "label").coalesce(2).cache()
  }

  private def estimator: ImageClassifier = new ImageClassifier().setBackbone("lenet").setImageShape(Array(1, 16, 16))
    .setBatchSize(16).setMaxEpochs(8).setLearningRate(0.002).setSeed(1)

  private def right(data: DataFrame): Long = data.where($"prediction" === $"label").count()

  private def message(code: => Any): String = intercept[IllegalArgumentException](code).getMessage

  test("content, paths and structs of images; in a Pipeline, saved and tuned") {
    val fitted = new Pipeline().setStages(Array(estimator.setImageTransforms(Array("flipHorizontally")))).fit(bars)
    val path = Files.createTempDirectory("kiln-images").toString
    fitted.write.overwrite().save(path + "/model")
    val again = PipelineModel.load(path + "/model")
    assert(right(again.transform(bars)) >= 116)
    assert(again.transform(bars).select("probability").collect().toSeq == fitted.transform(bars).select("probability").collect().toSeq)
    val model = again.stages(0).asInstanceOf[ImageClassificationModel]
    assert(model.numClasses == 2 && model.getBackbone == "lenet" && model.summary.lossHistory.length == 8)
    val files = bars.select("image", "label").collect().zipWithIndex.map { case (row, i) =>
      (Files.write(Files.createDirectories(java.nio.file.Path.of(path, "files")).resolve(s"$i.png"), row.getAs[Array[Byte]](0)).toString, row.getInt(1))
    }.toSeq.toDF("path", "label")
    val byPath = model.setImageCol("path").transform(files)
    assert(byPath.select("probability").collect().toSeq == fitted.transform(bars).select("probability").collect().toSeq)
    val structs = spark.read.format("image").load(path + "/files")
    assert(model.setImageCol("image").transform(structs).where("prediction = 0").count() == again.transform(bars).where("prediction = 0").count())

    val e = estimator
    val grid = new ParamGridBuilder().addGrid(e.learningRate, Array(1e-7, 0.002)).build()
    val validated = new CrossValidator().setEstimator(e).setEstimatorParamMaps(grid).setNumFolds(2).setSeed(1)
      .setEvaluator(new MulticlassClassificationEvaluator().setMetricName("accuracy")).fit(bars)
    assert(validated.avgMetrics(1) > 0.9 && validated.avgMetrics(0) < 0.8, validated.avgMetrics.toSeq)
    val saved = path + "/estimator"
    e.write.overwrite().save(saved)
    assert(ImageClassifier.load(saved).getImageShape.toSeq == Seq(1, 16, 16))
  }

  test("transfer: another head on the layers of a model") {
    val model = estimator.fit(bars)
    val four = bars.withColumn("label", $"label" + lit(2) * (rand(1) < 0.5).cast("int")).cache()
    assert(message(estimator.setInitialModel(model).fit(four)).contains("reinitialized"))
    val on = estimator.setInitialModel(model).setReinitialized(Array("5.*")).setFrozen(Array("0.*")).setMaxEpochs(1).fit(four)
    assert(on.numClasses == 4)
    def first(m: ImageClassificationModel) = io.kiln.format.SafeTensors.read(m.trainedNetwork.weights).tensors.get("0.weight").toFloatArray.toSeq
    assert(first(on) == first(model))
    val same = estimator.setMaxEpochs(1).setLearningRate(1e-7).continueFit(bars, model)
    assert(right(same.transform(bars)) == right(model.transform(bars)))
  }

  test("a residual network for small images") {
    val model = estimator.setBackbone("resnet18").setImageShape(Array(3, 16, 16)).setMaxEpochs(1).fit(bars.limit(32))
    assert(model.numClasses == 2 && model.trainedNetwork.graph.inputs.get(0).spec.shape.toString.contains("3,16,16"))
  }

  test("broken images, nulls and wrong columns") {
    val broken = bars.withColumn("image", when($"label" === 1, lit(Array[Byte](1, 2, 3))).otherwise($"image"))
    assert(intercept[Exception](estimator.fit(broken)).getMessage.contains("image"))
    val model = estimator.setMaxEpochs(1).fit(bars)
    val holes = bars.withColumn("image", when($"label" === 1, lit(null)).otherwise($"image"))
    assert(model.setHandleInvalid("skip").transform(holes).count() == 60)
    assert(model.setHandleInvalid("keep").transform(holes).where(isnan($"prediction")).count() == 60)
    assert(message(estimator.setBackbone("resnet19")).contains("did you mean \"resnet1"))
    assert(message(estimator.setImageCol("picture").fit(bars)).contains("imageCol"))
    assert(message(estimator.setImageCol("label").fit(bars)).contains("images are binary (files)"))
    assert(message(estimator.setNetwork(smallNet(2)).fit(bars)).contains("makes its network"))
    assert(new ImageClassifier().shapeOfImages == Seq(3, 224, 224))
  }
}
