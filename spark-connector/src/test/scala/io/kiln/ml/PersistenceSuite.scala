package io.kiln.ml

import com.fasterxml.jackson.databind.ObjectMapper
import com.fasterxml.jackson.databind.node.ObjectNode
import io.kiln.format.SealedJson
import io.kiln.optim.Sgd
import org.apache.spark.ml.{Pipeline, PipelineModel}
import org.apache.spark.ml.linalg.Vector

import java.nio.file.{Files, Path, Paths}

class PersistenceSuite extends SparkSuite {

  private lazy val dir: Path = Files.createTempDirectory("kiln-persistence")

  private def probabilities(model: NetClassificationModel): Seq[Vector] =
    model.transform(corners(20, seed = 3)).select("probability").collect().map(_.getAs[Vector](0)).toSeq

  test("a classifier's model comes back as it was") {
    val model = classifier().setMaxEpochs(1).setFeaturesCol("features").fit(corners(60))
    model.setPredictionBatchSize(7)
    val path = dir.resolve("classifier").toString
    model.write.save(path)
    assert(Files.exists(Paths.get(path, "graph.json")) && Files.exists(Paths.get(path, "weights.safetensors")))
    intercept[java.io.IOException](model.write.save(path))
    model.write.overwrite().save(path)
    val loaded = NetClassificationModel.load(path)
    assert(loaded.uid == model.uid && loaded.numClasses == 3 && loaded.getPredictionBatchSize == 7)
    assert(probabilities(loaded) == probabilities(model))
    assert(loaded.summary == model.summary)
  }

  test("a saved model tells how it was trained: Params, seed, versions, rows and history") {
    val c = classifier().setMaxEpochs(2).setWeightDecay(0.01).setLoss("smoothedCrossEntropy").setClassWeights(Array(1, 2, 1))
    val model = c.fit(corners(60))
    assert(model.extractParamMap().get(model.weightDecay).contains(0.01) && model.getSeed == 7 && model.getMaxEpochs == 2)
    val path = dir.resolve("told").toString
    model.write.save(path)
    val loaded = NetClassificationModel.load(path)
    def told(m: NetClassificationModel) = m.params.toSeq.filter(p => p.name != "classWeights" && m.isDefined(p))
      .map(p => p.name -> m.getOrDefault(p))
    assert(told(loaded) == told(model))
    assert(loaded.getLoss == "smoothedCrossEntropy" && loaded.getClassWeights.toSeq == Seq(1, 2, 1) && loaded.getOptimizer == "adam")
    assert(!loaded.isDefined(loaded.weightCol))
    val p = loaded.summary.provenance
    assert(p.versions.spark == spark.version && p.data.trainingRows == 60)
    assert(p.settings.seed == 7 && p.settings.batchSize == 32 && p.settings.update.contains("adam"))
    assert(loaded.summary.lossHistory.toSeq == model.summary.lossHistory.toSeq)
    assert(loaded.copy(org.apache.spark.ml.param.ParamMap.empty).summary == model.summary)
    loaded.write.overwrite().save(dir.resolve("again").toString)
    assert(NetClassificationModel.load(dir.resolve("again").toString).summary == model.summary)
    val facts = dir.resolve("told").resolve("kiln.json")
    val json = new ObjectMapper().readTree(Files.readString(facts)).asInstanceOf[ObjectNode]
    json.path("summary").asInstanceOf[ObjectNode].putNull("metricName")
    SealedJson.seal(json)
    Files.writeString(facts, json.toString)
    Files.deleteIfExists(facts.resolveSibling(".kiln.json.crc"))
    val e = intercept[IllegalArgumentException](NetClassificationModel.load(path))
    assert(e.getMessage.contains("summary"), e.getMessage)
  }

  test("a regressor's model comes back as it was, also within a Pipeline") {
    val data = corners(60)
    val model = new Pipeline().setStages(Array(
      new NetRegressor().setNetwork(smallNet(1)).setMaxEpochs(1).setBatchSize(16).setSeed(3))).fit(data)
    val path = dir.resolve("pipeline").toString
    model.write.save(path)
    val loaded = PipelineModel.load(path)
    assert(loaded.transform(data).collect().toSeq == model.transform(data).collect().toSeq)
  }

  test("estimators come back with all their Params; a block is saved as its graph") {
    val c = classifier().setInputShape(Array(2)).setOptimizer(new Sgd(0.9)).setNumWorkers(2)
    val path = dir.resolve("estimator").toString
    c.write.save(path)
    val loaded = NetClassifier.load(path)
    assert(loaded.uid == c.uid && loaded.getNumWorkers == 2 && loaded.getOptimizer == c.getOptimizer)
    assert(loaded.fit(corners(30)).trainedNetwork.weights.toSeq == c.fit(corners(30)).trainedNetwork.weights.toSeq)
    val e = intercept[IllegalStateException](classifier().write.save(dir.resolve("untraced").toString))
    assert(e.getMessage.contains("inputShape"))
  }

  test("models of an unknown version, and what is no model, are refused") {
    val model = classifier().setMaxEpochs(1).fit(corners(30))
    val path = dir.resolve("newer")
    model.write.save(path.toString)
    Files.writeString(path.resolve("kiln.json"), Files.readString(path.resolve("kiln.json")).replace("\"format\":1", "\"format\":99"))
    Files.deleteIfExists(path.resolve(".kiln.json.crc"))
    val e = intercept[IllegalArgumentException](NetClassificationModel.load(path.toString))
    assert(e.getMessage.contains("99") && e.getMessage.contains("format 1"))
    Files.delete(path.resolve("kiln.json"))
    assert(intercept[IllegalArgumentException](NetClassificationModel.load(path.toString)).getMessage.contains("not a model"))
  }

  test("a model written by version 0.1 is read and predicts what it predicted then") {
    val golden = Paths.get(getClass.getResource("/golden/classifier-0.1").toURI)
    val model = NetClassificationModel.load(golden.toString)
    assert(!model.hasSummary && intercept[IllegalStateException](model.summary).getMessage.contains("fit it again"))
    val expected = Files.readAllLines(golden.resolveSibling("classifier-0.1.predictions"))
    probabilities(model).map(_.toArray).zip(0 until expected.size).foreach { case (p, i) =>
      p.zip(expected.get(i).split(' ').map(_.toDouble)).foreach { case (a, b) => assert(math.abs(a - b) < 1e-5) }
    }
  }

  test("metadata nested deeper than those of any stage are refused before Spark reads them") {
    val path = dir.resolve("deep")
    classifier().setInputShape(Array(2)).write.save(path.toString)
    val part = Files.list(path.resolve("metadata")).filter(_.getFileName.toString.startsWith("part-")).findFirst.get
    Files.deleteIfExists(part.resolveSibling(s".${part.getFileName}.crc"))
    val text = Files.readString(part).trim.stripSuffix("}")
    for (depth <- Seq(900, 100000)) {
      Files.writeString(part, text + ",\"deep\":" + "[" * depth + "]" * depth + "}")
      val e = intercept[IllegalArgumentException](NetClassifier.load(path.toString))
      assert(e.getMessage.contains("metadata is damaged"), e.getMessage)
    }
    Files.writeString(part, text + "}")
    assert(NetClassifier.load(path.toString).uid.nonEmpty)
  }

  test("damaged metadata are told with the place, the fault and the remedy") {
    val path = dir.resolve("damaged")
    classifier().setInputShape(Array(2)).write.save(path.toString)
    val part = Files.list(path.resolve("metadata")).filter(_.getFileName.toString.startsWith("part-")).findFirst.get
    val text = Files.readString(part)
    val crc = part.resolveSibling(s".${part.getFileName}.crc")
    def refused(told: String*): Unit = {
      val e = intercept[IllegalArgumentException](NetClassifier.load(path.toString))
      assert((path.toString +: told).forall(e.getMessage.contains(_)), e.getMessage)
    }
    Files.writeString(part, text.replace("paramMap", "qaramMap"))
    refused("checksum")
    Files.delete(crc)
    Seq(
      text.replace("paramMap", "qaramMap") -> "its field \"paramMap\" must be a JSON object, got none",
      text.take(text.length / 2) -> "it is not complete JSON",
      text.trim + "]" -> "it is not complete JSON",
      "" -> "it has no text",
      "[]" -> "its field \"class\" must be a JSON string, got none",
      text.replaceFirst("\"uid\":\"[^\"]*\"", "\"uid\":7") -> "its field \"uid\" must be a JSON string, got 7",
      text.replaceFirst("\"maxEpochs\":", "\"maxEpoch\":") -> "a Param cannot be read",
      text.replaceFirst("\"maxEpochs\":\\d+", "\"maxEpochs\":\"many\"") -> "a Param cannot be read").foreach { case (garbled, told) =>
      Files.writeString(part, garbled)
      refused("metadata is damaged", told, "save the stage again")
    }
    Files.writeString(part, text.replace("io.kiln.ml.NetClassifier", "io.kiln.ml.NetRegressor"))
    refused("holds io.kiln.ml.NetRegressor, not io.kiln.ml.NetClassifier")
    Files.delete(part)
    refused("it has no text")
    Files.writeString(part, text)
    assert(NetClassifier.load(path.toString).uid.nonEmpty)
  }

  // Run once for each released format, with -Dkiln.golden.write=true; never to make a failing test pass.
  test("golden files are written when asked for") {
    assume(sys.props.get("kiln.golden.write").isDefined, "-Dkiln.golden.write=true asks for them")
    val resources = Paths.get(sys.props("user.dir"), "..", "src", "test", "resources", "golden")
    Files.createDirectories(resources)
    val model = classifier().setMaxEpochs(3).fit(corners(120))
    model.write.overwrite().save(resources.resolve("classifier-0.1").toString)
    val lines = probabilities(model).map(_.toArray.mkString(" "))
    Files.write(resources.resolve("classifier-0.1.predictions"), java.util.List.of(lines: _*))
  }

  test("an estimator with layers as JSON is saved as it is, without inputShape, and trains when it is loaded") {
    val json = """[{"Dense":{"units":8,"activation":"relu"}},{"Dense":{"units":3}}]"""
    val path = java.nio.file.Files.createTempDirectory("estimator").resolve("json").toString
    new NetClassifier().setNetwork(json).setMaxEpochs(1).save(path)
    val again = NetClassifier.load(path)
    assert(again.get(again.network).contains(json))
    assert(again.fit(corners(30)).numClasses == 3)
  }
}
