package io.kiln.ml

import io.kiln.spark.Kiln

import scala.jdk.CollectionConverters._

/** The lower door from Scala. */
class ScalaLoopSuite extends SparkSuite {

  test("the types of a loop's parameters follow from the rows") {
    val numbers = spark.sparkContext.parallelize(1 to 10, 2)
    val sums = Kiln.run(numbers, 2) { (ctx, _) => (ctx.rank, ctx.rows.asScala.sum) }
    assert(sums.map(_._1) == Seq(0, 1))
    assert(sums.map(_._2).sum == 55)
  }
}
