package io.kiln.benchmarks.spark;

import io.kiln.benchmarks.Setup;
import java.nio.file.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;

/** Spark as the workloads want it: on loopback, without a user interface. */
public final class Sessions {

    private Sessions() {}

    /** In one JVM, with as many slots as the setup has threads. */
    public static SparkSession local(Setup setup) {
        return SparkSession.builder()
                .config(inScratch(setup.scratch()).setMaster("local[" + setup.threads() + "]"))
                .getOrCreate();
    }

    /** In one JVM, with its files where Spark puts them by itself. */
    public static SparkSession local(int slots) {
        return SparkSession.builder()
                .config(common().setMaster("local[" + slots + "]"))
                .getOrCreate();
    }

    /** With executors of one core in JVMs of their own. */
    public static SparkSession cluster(Path scratch, int executors, int megabytes) {
        SparkConf conf = inScratch(scratch)
                .setMaster("local-cluster[" + executors + ",1," + megabytes + "]")
                .set("spark.executor.memory", megabytes + "m")
                .set("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .set(
                        "spark.executor.extraJavaOptions",
                        "-Dio.netty.noUnsafe=false"
                                + (Runtime.version().feature() < 24 ? "" : " --sun-misc-unsafe-memory-access=allow"))
                // Without these two the launcher looks for a Spark distribution.
                .set("spark.executorEnv.SPARK_SCALA_VERSION", "2.13")
                .set("spark.executorEnv.SPARK_TESTING", "1")
                .set("spark.executorEnv.OMP_NUM_THREADS", "1")
                .set("spark.scheduler.minRegisteredResourcesRatio", "1.0")
                .set("spark.scheduler.maxRegisteredResourcesWaitingTime", "60s");
        return SparkSession.builder().config(conf).getOrCreate();
    }

    private static SparkConf common() {
        return new SparkConf()
                .setAppName("kiln-bench")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.ui.enabled", "false");
    }

    private static SparkConf inScratch(Path scratch) {
        return common().set("spark.local.dir", scratch.toString())
                .set("spark.sql.warehouse.dir", scratch.resolve("warehouse").toString());
    }
}
