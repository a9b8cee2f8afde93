package io.kiln.ml

import io.kiln.ndarray.{DType, NDArray, Shape, Spec}
import io.kiln.nn.{Dense, GraphBlock, Sequential, SymbolBlock}
import io.kiln.op.activation.Activation
import org.apache.spark.ml.linalg.Vector

import java.nio.file.Files

/** Models of networks that no estimator has trained. */
class NetModelSuite extends SparkSuite {
  import spark.implicits._

  private val rows = Seq(Array(0.5f, -1f, 2f), Array(3f, 0.25f, -0.75f), Array(0f, 0f, 1f))

  private def network(): GraphBlock = {
    val block = new Sequential(new Dense(4, Activation.TANH), new Dense(2))
    try {
      block.initialize(5)
      block.toGraphBlock(new Spec(Shape.of(Shape.UNKNOWN, 3), DType.FLOAT32))
    } finally block.close()
  }

  private def expected(network: GraphBlock): Seq[Float] = {
    val x = NDArray.of(Shape.of(3, 3), rows.flatten.toArray: _*)
    try {
      val y = network.call(x)
      try y.toFloatArray.toSeq finally y.close()
    } finally x.close()
  }

  private def predicted(model: NetModel): Seq[Float] =
    model.setInputCols(Array("x")).setOutputCols(Array("y")).transform(rows.toDF("x").coalesce(1))
      .select("y").collect().toSeq.flatMap(_.getAs[Vector](0).toArray.map(_.toFloat))

  private def assertClose(got: Seq[Float], want: Seq[Float]): Unit = {
    assert(got.length == want.length)
    got.zip(want).foreach { case (a, b) => assert(math.abs(a - b) < 1e-6, s"$got $want") }
  }

  test("a network becomes a model, which outlives it and can be saved") {
    val block = network()
    val want = expected(block)
    val model = NetModel.of(block)
    block.close()
    assertClose(predicted(model), want)
    val path = Files.createTempDirectory("net-model").resolve("model").toString
    model.save(path)
    assertClose(predicted(NetModel.load(path)), want)
  }

  test("an exported network becomes a model, which NetEstimator trains on") {
    val directory = Files.createTempDirectory("network")
    val block = network()
    val want = expected(block)
    val symbol = new SymbolBlock(block.graph)
    symbol.load(block.values)
    symbol.export(directory)
    symbol.close()
    block.close()
    val imported = SymbolBlock.imports(directory)
    val model = try NetModel.of(imported) finally imported.close()
    assertClose(predicted(model), want)
    val data = rows.zip(Seq(0.0, 1.0, 0.0)).toDF("x", "class")
    val on = new NetEstimator().setInputCols(Array("x")).setTargetCols(Array("class")).setLosses(Array("softmaxCrossEntropy"))
      .setMaxEpochs(1).setNumWorkers(1).setLearningRate(0.01).setShowProgress(false).continueFit(data, model)
    val moved = predicted(on)
    assert(moved != want)
    moved.zip(want).foreach { case (a, b) => assert(math.abs(a - b) < 0.2, s"$moved $want") }
  }

  test("a network of batches of one size is refused") {
    val block = new Sequential(new Dense(2))
    try {
      block.initialize(5)
      val fixed = block.toGraphBlock(new Spec(Shape.of(4, 3), DType.FLOAT32))
      try assert(intercept[IllegalArgumentException](NetModel.of(fixed)).getMessage.contains("batch"))
      finally fixed.close()
    } finally block.close()
  }
}
