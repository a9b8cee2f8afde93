package io.kiln.ml

import io.kiln.nn.{Conv2D, Dense, Functional, Lambda, Pool, Sequential}
import org.apache.spark.sql.DataFrame
import org.apache.spark.sql.functions._

import java.awt.Color
import java.awt.image.BufferedImage
import java.io.ByteArrayOutputStream
import java.nio.file.{Files, Path}
import java.util.Locale
import javax.imageio.ImageIO

/** Images as files, paths and structs: trained with transforms, normalised, predicted, and refused if damaged. */
class ImagesSuite extends SparkSuite {
  import spark.implicits._

  /** A bright spot on the left or, for label 1, on the right. */
  private def picture(n: Int, width: Int, height: Int): BufferedImage = {
    val image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB)
    val g = image.createGraphics()
    g.setColor(new Color(20, 40 + n % 50, 90))
    g.fillRect(0, 0, width, height)
    g.setColor(Color.WHITE)
    g.fillRect((if (n % 2 == 0) width / 8 else 5 * width / 8) + n % 3, height / 3, width / 4, height / 3)
    g.dispose()
    image
  }

  private def file(image: BufferedImage, kind: String): Array[Byte] = {
    val out = new ByteArrayOutputStream()
    ImageIO.write(image, kind, out)
    out.toByteArray
  }

  private lazy val folder: Path = {
    val dir = Files.createTempDirectory("images")
    (0 until 120).foreach { n =>
      val kind = if (n % 3 == 0) "jpg" else "png"
      Files.write(dir.resolve("%03d-%d.%s".formatLocal(Locale.ROOT, n, n % 2, kind)), file(picture(n, 20 + n % 5, 16 + n % 3), kind))
    }
    dir
  }

  private lazy val files: DataFrame = spark.read.format("binaryFile").load(folder.toString)
    .select($"path", $"content", substring_index(substring_index($"path", "-", -1), ".", 1).cast("int").as("label"))
    .orderBy("path").coalesce(2).cache()

  private def network = new Functional("image")
    .add("conv", Conv2D.builder().channels(6).kernel(3).pad(1).build(), "image")
    .add("pool", Pool.max2D(4), "conv")
    .add("score", new Dense(2), "pool").outputs("score")

  private def estimator: NetEstimator = new NetEstimator()
    .setNetwork(network).setInputCols(Array("content")).setInputTypes(Array("image[3,16,16]")).setInputScale(1 / 255.0)
    .setTargetCols(Array("label")).setLosses(Array("softmaxCrossEntropy"))
    .setBatchSize(20).setMaxEpochs(12).setLearningRate(0.01).setSeed(3)

  private def right(model: NetModel, data: DataFrame): Long = model.setOutputNames(Array("argmax(score)"))
    .setOutputCols(Array("p")).transform(data).where($"p" === $"label").count()

  private def message(code: => Any): String = intercept[IllegalArgumentException](code).getMessage

  test("files, paths and structs give the same network") {
    val fromFiles = estimator.fit(files)
    assert(right(fromFiles, files) > 110)
    val fromPaths = estimator.setInputCols(Array("path")).fit(files)
    assert(fromPaths.trainedNetwork.weights.toSeq == fromFiles.trainedNetwork.weights.toSeq)
    val structs = spark.read.format("image").load(folder.toString)
      .withColumn("label", substring_index(substring_index($"image.origin", "-", -1), ".", 1).cast("int"))
      .orderBy("image.origin").coalesce(2)
    val fromStructs = estimator.setInputCols(Array("image")).fit(structs)
    assert(fromStructs.trainedNetwork.weights.toSeq == fromFiles.trainedNetwork.weights.toSeq)
    assert(right(fromStructs, structs) == right(fromFiles, files))
    val grey = estimator.setInputTypes(Array("image[16,16,1]"))
      .setNetwork(new Sequential(new Dense(2))).setMaxEpochs(1).fit(files)
    assert(grey.transform(files).count() == 120)
  }

  test("transforms change training images only, with the same bits for the same seed") {
    def learner = estimator.setInputTypes(Array("image[16,16,3]")).setMaxEpochs(2)
      .setNetwork(new Functional("image").add("score", new Dense(2), "image").outputs("score"))
      .setImageTransforms(Array("""{"padBorder":{"pixels":2}}""", """{"randomCrop":{"height":16,"width":20}}""", "flipVertically",
        """{"colourJitter":{"brightness":0.2}}"""))
    val held = files.withColumn("held", $"path".rlike("/\\d\\d7-"))
    val one = learner.setCoresPerWorker(2).fit(files)
    val again = learner.fit(files)
    assert(one.trainedNetwork.weights.toSeq == again.trainedNetwork.weights.toSeq)
    assert(learner.setSeed(4).fit(files).trainedNetwork.weights.toSeq != one.trainedNetwork.weights.toSeq)
    assert(learner.setImageTransforms(Array()).fit(files).trainedNetwork.weights.toSeq != one.trainedNetwork.weights.toSeq)
    val bright = new Functional("image").add("mean", new Lambda(x => x.mean(3).mean(2).mean(1).expandDims(1)), "image")
      .add("y", new Dense(1), "mean").outputs("y")
    val measured = estimator.setNetwork(bright).setLosses(Array("l2")).setMaxEpochs(1)
      .setImageTransforms(Array("""{"randomErasing":{"p":1,"least":0.5,"most":0.9,"value":255}}""")).fit(held)
    val plain = files.limit(5)
    val means = measured.setOutputNames(Array("mean")).setOutputCols(Array("m")).transform(plain).select("m").as[Double].collect()
    assert(means.forall(_ < 0.6), "prediction erases nothing")
    val validated = learner.setMaxEpochs(1).setLearningRate(1e-12).setValidationIndicatorCol("held").fit(held)
    val untouched = learner.setMaxEpochs(1).setLearningRate(1e-12).setImageTransforms(Array()).setValidationIndicatorCol("held").fit(held)
    val losses = Seq(validated, untouched).map(_.summary.epochs.get(0).quality)
    assert(math.abs(losses(0).validationLoss - losses(1).validationLoss) < 1e-6, "validation rows are not transformed")
    assert(losses(0).loss != losses(1).loss)
  }

  test("normalisation becomes the first nodes of the network") {
    val mean = Array(0.485, 0.456, 0.406)
    val deviation = Array(0.229, 0.224, 0.225)
    val identity = new Functional("image").add("first", new Lambda(x => x.mul(1)), "image")
      .add("score", new Dense(2), "first").outputs("score")
    def value(e: NetEstimator): Seq[Float] = e.setNetwork(identity).setMaxEpochs(1).fit(files).setOutputNames(Array("first"))
      .setOutputCols(Array("x")).transform(files.limit(1)).select("x").head()
      .getSeq[collection.Seq[collection.Seq[Float]]](0).flatten.flatten.toSeq
    val raw = value(estimator)
    val normal = value(estimator.setImageMean(mean).setImageDeviation(deviation))
    raw.indices.foreach { i =>
      val c = i / 256
      assert(math.abs(normal(i) - (raw(i) - mean(c)) / deviation(c)) < 1e-5)
    }
    def more(means: Array[Double]): NetEstimator = {
      val first = estimator.setNetwork(identity).setMaxEpochs(1).setImageMean(mean).setImageDeviation(deviation).fit(files)
      estimator.setNetwork(first.trainedNetwork.toBlock()).setTargetNames(Array("score")).setMaxEpochs(1)
        .setImageMean(means).setImageDeviation(deviation)
    }
    assert(more(mean).fit(files).summary.epochs.size == 1)
    assert(message(more(Array(0.5, 0.5, 0.5)).fit(files)).contains("imageMean: the network normalises input image itself"))
    assert(message(estimator.setImageMean(mean).setImageDeviation(deviation).setStandardizeInputs(Array("image")).fit(files))
      .contains("standardizeInputs: images of input image are normalised with imageMean"))
    message(estimator.setImageMean(Array(Double.PositiveInfinity)))
    message(estimator.setImageDeviation(Array(Double.PositiveInfinity)))
    assert(message(estimator.setImageMean(mean).fit(files)).contains("imageMean: has 3 numbers, imageDeviation has 0"))
    assert(message(estimator.setImageMean(Array(0.5)).setImageDeviation(Array(0.5)).fit(files)).contains("3 channels"))
  }

  test("damaged images are refused, skipped or kept") {
    val bad = files.withColumn("content", when($"path".contains("/007"), $"content".substr(lit(1), lit(60)).cast("binary")).otherwise($"content"))
      .withColumn("path", when($"path".contains("/009"), lit("file:/nowhere/x.png")).otherwise($"path"))
    val damaged = message(estimator.setMaxEpochs(1).fit(bad))
    assert(damaged.contains("input image: column \"content\" is no intact image") && damaged.contains("row 7 of partition"), damaged)
    val missing = message(estimator.setInputCols(Array("path")).setMaxEpochs(1).fit(bad))
    assert(missing.contains("column \"path\" names file:/nowhere/x.png, which cannot be read"), missing)
    Seq("http://127.0.0.1:9/x.png" -> "files of the web are not read", "nosuch://a/x.png" -> "No FileSystem for scheme").foreach {
      case (path, part) =>
        val elsewhere = files.withColumn("path", when($"path".contains("/009"), lit(path)).otherwise($"path"))
        val told = message(estimator.setInputCols(Array("path")).setMaxEpochs(1).fit(elsewhere))
        assert(told.contains(s"column \"path\" names $path, which cannot be read: ") && told.contains(part) && told.contains("row 9 of"), told)
    }
    val model = estimator.setMaxEpochs(1).setHandleInvalid("skip").fit(bad)
    model.setOutputNames(Array("argmax(score)")).setOutputCols(Array("p"))
    assert(model.transform(bad).count() == 119)
    assert(model.setHandleInvalid("keep").transform(bad).where($"p".isNull).count() == 1)
    assert(intercept[Exception](model.setHandleInvalid("error").transform(bad).collect()).getMessage.contains("is no intact image"))
  }

  test("faults are told before the job starts") {
    def told(e: NetEstimator, part: String): Unit = {
      val text = message(e.transformSchema(files.schema))
      assert(text.contains(part), text)
    }
    told(estimator.setInputTypes(Array("image")), "state it with inputTypes, such as image[3,224,224]")
    told(estimator.setInputTypes(Array("image[5,16,16]")), "expected [channels,height,width]")
    told(estimator.setInputCols(Array("label")), "images are binary (files), string (their paths)")
    val odd = files.withColumn("odd", struct(
      lit("1").as("height"), lit(1).as("width"), lit(1).as("nChannels"), lit(0).as("mode"), $"content".as("data")))
    assert(message(estimator.setInputCols(Array("odd")).transformSchema(odd.schema)).contains("images are binary (files)"))
    assert(intercept[IllegalArgumentException](estimator.setImageTransforms(Array("flipHorizontal"))).getMessage
      .contains("did you mean \"flipHorizontally\"?"))
  }
}
