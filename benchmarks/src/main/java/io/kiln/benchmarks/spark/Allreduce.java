package io.kiln.benchmarks.spark;

import io.kiln.benchmarks.Block;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.SparkSession;
import scala.Function1;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** Sums arrays of two executor JVMs, in one barrier job per block of steps. The case is the size in bytes. */
public final class Allreduce implements Contender {

    private static final int EXECUTORS = 2;
    private static final int MEGABYTES = 2048;

    private final String description;
    private final Exchange.Maker maker;
    private SparkSession spark;

    /** With that exchange, and a description of it for the table. */
    public Allreduce(String description, Exchange.Maker maker) {
        this.description = description;
        this.maker = maker;
    }

    @Override
    public Facts setup(Setup setup) {
        spark = Sessions.cluster(setup.scratch(), EXECUTORS, MEGABYTES);
        return new Facts(description, 0);
    }

    /** The time of a step is that of the slower executor. */
    @Override
    public Block run(String caseName, int steps) {
        AllreduceTask task = new AllreduceTask(maker, Integer.parseInt(caseName), steps);
        JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
        RDD<Integer> ranks = context.parallelize(List.of(0, 1), EXECUTORS).rdd();
        ClassTag<double[]> tag = ClassTag$.MODULE$.apply(double[].class);
        List<double[]> both = ranks.barrier()
                .mapPartitions(body(task), false, tag)
                .toJavaRDD()
                .collect();
        double[] seconds = new double[steps];
        for (int i = 0; i < steps; i++) {
            seconds[i] = Math.max(both.get(0)[i], both.get(1)[i]);
        }
        double[] checks = Arrays.copyOfRange(both.get(0), steps, 2 * steps);
        if (!Arrays.equals(checks, Arrays.copyOfRange(both.get(1), steps, 2 * steps))) {
            throw new IllegalStateException("allreduce: the executors hold different sums");
        }
        return new Block(seconds, checks);
    }

    @SuppressWarnings("unchecked")
    private static Function1<scala.collection.Iterator<Integer>, scala.collection.Iterator<double[]>> body(
            AllreduceTask task) {
        return (Function1<scala.collection.Iterator<Integer>, scala.collection.Iterator<double[]>> & Serializable)
                ranks -> {
                    try {
                        Iterator<double[]> one =
                                List.of(task.run(BarrierTaskContext.get())).iterator();
                        return CollectionConverters.asScala(one);
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                };
    }

    @Override
    public double step(String caseName) {
        return run(caseName, 1).checks()[0];
    }

    @Override
    public void close() {
        if (spark != null) {
            spark.stop();
        }
    }
}
