package io.kiln.ml

import io.kiln.spark.report.{EpochListener, EpochReport}
import java.util.concurrent.ConcurrentLinkedQueue
import org.apache.spark.ml.param.ParamMap
import org.apache.spark.scheduler.{SparkListener, SparkListenerJobStart}
import scala.jdk.CollectionConverters._

/** What a fit tells while it runs: epochs to a listener, descriptions of jobs to Spark. */
class EpochListenerSuite extends SparkSuite {

  test("a listener is told of each epoch once, in order, also through a copy") {
    val told = new ConcurrentLinkedQueue[EpochReport]()
    val listener: EpochListener = r => { told.add(r); () }
    val model = classifier().setMaxEpochs(4).setNumWorkers(2).setEpochListener(listener).copy(ParamMap.empty).fit(corners(60))
    assert(told.asScala.toSeq.map(_.epoch) == Seq(1, 2, 3, 4))
    assert(told.asScala.toSeq.map(_.loss) == model.summary.lossHistory.toSeq)
  }

  test("an exception of the listener ends the fit, and nothing is left behind") {
    val listener: EpochListener = _ => throw new IllegalStateException("enough")
    val e = intercept[IllegalStateException](classifier().setMaxEpochs(500).setEpochListener(listener).fit(corners(60)))
    assert(e.getMessage == "enough")
    assert(spark.sparkContext.getPersistentRDDs.isEmpty)
  }

  test("jobs are described by what they are for, behind the description of the application") {
    val descriptions = new ConcurrentLinkedQueue[String]()
    val watch = new SparkListener {
      override def onJobStart(job: SparkListenerJobStart): Unit =
        Option(job.properties.getProperty("spark.job.description")).foreach(descriptions.add)
    }
    spark.sparkContext.addSparkListener(watch)
    spark.sparkContext.setJobDescription("nightly")
    try {
      val estimator = classifier().setMaxEpochs(1)
      estimator.fit(corners(30))
      val wanted = Seq("packs rows", "trains").map(w => s"nightly: Kiln: ${estimator.uid} $w")
      val deadline = System.nanoTime() + 10000000000L
      while (!wanted.forall(descriptions.contains) && System.nanoTime() < deadline) Thread.onSpinWait()
      wanted.foreach(w => assert(descriptions.contains(w), descriptions.toString))
      assert(spark.sparkContext.getLocalProperty("spark.job.description") == "nightly")
    } finally {
      spark.sparkContext.setJobDescription(null)
      spark.sparkContext.removeSparkListener(watch)
    }
  }
}
