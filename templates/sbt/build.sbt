name := "@name@"
version := "0.1.0"
scalaVersion := "@scala@"
scalacOptions += "-deprecation"

// Where `bin/kiln new` put Kiln. (Maven's local repository will not do: sbt fails on POMs there that have no jar beside them.)
resolvers += "Kiln" at file(raw"@home@/target/repository").toURI.toString

libraryDependencies ++= Seq(
  "io.kiln" % "kiln-spark_2.13" % "@version@",
  // The cluster has Spark: it is needed to compile and to test, and does not travel with the application.
  "org.apache.spark" %% "spark-mllib" % "@spark@" % Provided,
  "org.apache.hadoop" % "hadoop-client-api" % "@hadoop@" % Provided,
  "org.apache.hadoop" % "hadoop-client-runtime" % "@hadoop@" % Provided,
  "org.scalatest" %% "scalatest" % "@scalatest@" % Test
)

// What spark-submit gives to the JVM of a driver.
Test / fork := true
Test / javaOptions ++= IO.readLines(baseDirectory.value / "spark.jvmargs").filter(_.startsWith("-"))
Test / envVars += "SPARK_LOCAL_IP" -> "127.0.0.1"

// target/jars: what spark-submit --jars wants beside the application's own jar, which is target/@name@.jar.
val broughtBySpark = Set("com.fasterxml.jackson.core", "org.scala-lang", "org.slf4j")
val jars = taskKey[Unit]("Copies the application's jar and those that it needs beside Spark's to target")
jars := {
  val app = (Compile / packageBin).value
  val needed = (Runtime / managedClasspath).value
    .filterNot(_.get(moduleID.key).exists(m => broughtBySpark(m.organization)))
    .map(_.data)
  IO.copyFile(app, target.value / "@name@.jar")
  IO.delete(target.value / "jars")
  needed.foreach(j => IO.copyFile(j, target.value / "jars" / j.getName))
}
