package io.kiln.kvstore.cluster;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.CollectionAccumulator;
import scala.Function1;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** Executors in processes of their own, started from the tests' class path. */
public final class LocalCluster implements AutoCloseable {
    /** What one rank of a barrier stage does; its result goes to the driver. */
    @FunctionalInterface
    public interface Task extends Serializable {
        Object run(int rank) throws Exception;
    }

    private final JavaSparkContext spark;
    private final int executors;

    public LocalCluster(int executors, Map<String, String> settings) {
        SparkConf conf = new SparkConf()
                .setMaster(String.format(Locale.ROOT, "local-cluster[%d,1,1024]", executors))
                .setAppName("kiln-kvstore-test")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.ui.enabled", "false")
                .set("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .set("spark.executorEnv.SPARK_SCALA_VERSION", "2.13")
                .set("spark.executorEnv.SPARK_TESTING", "1")
                .set(
                        "spark.executor.extraJavaOptions",
                        "-Duser.language=" + Locale.getDefault().getLanguage() + " -Duser.country="
                                + Locale.getDefault().getCountry())
                .set("spark.executor.memory", "512m")
                .set("spark.scheduler.minRegisteredResourcesRatio", "1.0")
                .set("spark.scheduler.maxRegisteredResourcesWaitingTime", "60s")
                .set("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s")
                .set("spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures", "120");
        settings.forEach(conf::set);
        this.spark = new JavaSparkContext(conf);
        this.executors = executors;
    }

    public JavaSparkContext spark() {
        return spark;
    }

    /** Runs one task per executor, all at the same time, in one barrier stage. */
    public List<Object> runOnAll(Task task) {
        return runOnAll(executors, task);
    }

    public List<Object> runOnAll(int ranks, Task task) {
        JavaRDD<Integer> rdd =
                spark.parallelize(IntStream.range(0, ranks).boxed().toList(), ranks);
        ClassTag<Object> tag = ClassTag$.MODULE$.Object();
        return rdd.rdd()
                .barrier()
                .mapPartitions(
                        (Function1<scala.collection.Iterator<Integer>, scala.collection.Iterator<Object>>
                                        & Serializable)
                                it -> CollectionConverters.asScala(one(task, it.next())),
                        false,
                        tag)
                .toJavaRDD()
                .collect();
    }

    /** An accumulator shows what tasks of a failed stage saw. */
    public CollectionAccumulator<String> messages() {
        return spark.sc().collectionAccumulator();
    }

    private static Iterator<Object> one(Task task, int rank) {
        List<Object> result = new ArrayList<>();
        try {
            result.add(task.run(rank));
        } catch (Exception e) {
            throw sneaky(e);
        }
        return result.iterator();
    }

    @SuppressWarnings("unchecked")
    private static <E extends Exception> RuntimeException sneaky(Exception e) throws E {
        throw (E) e;
    }

    @Override
    public void close() {
        spark.stop();
    }
}
