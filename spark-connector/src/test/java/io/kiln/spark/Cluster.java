package io.kiln.spark;

import io.kiln.ml.NetClassifier;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import io.kiln.spark.stage.BarrierStage;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.BlockId;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;

/** A Spark for tests: threads, or executors in processes of their own started from the tests' class path. */
final class Cluster implements AutoCloseable {
    static final int WIDTH = 20;
    static final int CLASSES = 4;

    private final SparkSession spark;
    private final int slots;

    private Cluster(SparkSession spark, int slots) {
        this.spark = spark;
        this.slots = slots;
    }

    static Cluster local(int cores) {
        return new Cluster(builder("local[" + cores + "]").getOrCreate(), cores);
    }

    static Cluster ofExecutors(int executors) {
        return ofExecutors(executors, "");
    }

    static Cluster ofExecutors(int executors, String options) {
        return ofExecutors(executors, options, Map.of());
    }

    static Cluster ofExecutors(int executors, String options, Map<String, String> settings) {
        return ofExecutors(executors, 1, options, settings);
    }

    static Cluster ofExecutors(int executors, int cores, String options, Map<String, String> settings) {
        SparkSession.Builder builder = builder(
                        String.format(Locale.ROOT, "local-cluster[%d,%d,1024]", executors, cores))
                .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .config("spark.executorEnv.SPARK_SCALA_VERSION", "2.13")
                .config("spark.executorEnv.SPARK_TESTING", "1")
                .config("spark.executor.memory", "512m")
                .config(
                        "spark.executor.extraJavaOptions",
                        "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC " + ofThisLocale() + options)
                .config("spark.deploy.maxExecutorRetries", "-1")
                .config("spark.scheduler.minRegisteredResourcesRatio", "1.0")
                .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "60s");
        settings.forEach(builder::config);
        return new Cluster(builder.getOrCreate(), executors * cores);
    }

    private static String ofThisLocale() {
        Locale l = Locale.getDefault();
        return "-Duser.language=" + l.getLanguage() + " -Duser.country=" + l.getCountry();
    }

    private static SparkSession.Builder builder(String master) {
        return SparkSession.builder()
                .master(master)
                .appName("kiln-spark-test")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "2")
                .config("spark.scheduler.barrier.maxConcurrentTasksCheck.interval", "1s");
    }

    SparkSession session() {
        return spark;
    }

    JavaSparkContext context() {
        return JavaSparkContext.fromSparkContext(spark.sparkContext());
    }

    /** Rows of four classes that a small network can tell apart; the partitions are of very different sizes. */
    Dataset<Row> data(int rows) {
        Random random = new Random(5);
        List<Row> list = new ArrayList<>();
        for (int i = 0; i < rows; i++) {
            int label = random.nextInt(CLASSES);
            List<Float> x = new ArrayList<>();
            for (int k = 0; k < WIDTH; k++) {
                x.add((float) (random.nextGaussian() + (k % CLASSES == label ? 1 : 0)));
            }
            list.add(RowFactory.create(CollectionConverters.asScala(x).toSeq(), (double) label, i % 7 == 0));
        }
        StructType schema = new StructType()
                .add("features", DataTypes.createArrayType(DataTypes.FloatType, false), false)
                .add("label", DataTypes.DoubleType, false)
                .add("held", DataTypes.BooleanType, false);
        int small = rows / 10;
        return spark.createDataFrame(context().parallelize(list.subList(0, small), 1), schema)
                .unionAll(spark.createDataFrame(context().parallelize(list.subList(small, rows), 2), schema))
                .unionAll(spark.createDataFrame(context().parallelize(List.<Row>of(), 1), schema));
    }

    NetClassifier classifier() {
        return new NetClassifier()
                .setNetwork(new Sequential(new Dense(32, Activation.RELU), new Dense(CLASSES)))
                .setBatchSize(32)
                .setMaxEpochs(3)
                .setLearningRate(0.01)
                .setSeed(11)
                .setTimeout(300);
    }

    /** The processes of all executors; waits for those that take the places of lost ones. */
    Set<Long> executors() {
        return new TreeSet<>(
                onAll(rows -> List.of(ProcessHandle.current().pid()).iterator()));
    }

    /** The default locales of all executors. */
    List<String> locales() {
        return onAll(rows -> List.of(Locale.getDefault().toLanguageTag()).iterator());
    }

    /** Names of Kiln's threads in all executors. */
    Set<String> kilnThreads() {
        return new TreeSet<>(onAll(rows -> Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(n -> n.startsWith("kiln"))
                .iterator()));
    }

    /** Runs in all slots at the same time, so that no executor has two turns. Where one was just lost, the stage is run again. */
    <R> List<R> onAll(BarrierStage.Body<Integer, R> body) {
        JavaRDD<Integer> numbers =
                context().parallelize(IntStream.range(0, slots).boxed().toList(), slots);
        ExecutionException last = null;
        for (int attempt = 0; attempt <= slots; attempt++) {
            try {
                return BarrierStage.run(numbers, null, body, () -> {}, Duration.ofSeconds(60));
            } catch (ExecutionException e) {
                last = e;
            } catch (TimeoutException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
        throw new IllegalStateException(last);
    }

    /** Ends the process of an executor. */
    static void kill(long process) {
        ProcessHandle victim = ProcessHandle.of(process).orElseThrow();
        victim.destroyForcibly();
        victim.onExit().join();
    }

    /** Returns when listeners have been told of all that has happened so far. */
    void awaitListeners() throws TimeoutException {
        spark.sparkContext().listenerBus().waitUntilEmpty(60_000);
    }

    /** Blocks of data and of snapshots that are left in any executor or in the driver. */
    List<String> blocks() {
        List<String> left = new ArrayList<>();
        var master = SparkEnv.get().blockManager().master();
        master.getMatchingBlockIds(new OfKiln(), true).foreach(id -> left.add(id.name()));
        return left;
    }

    @Override
    public void close() {
        spark.stop();
    }

    /** Blocks that a fit makes, and should remove. */
    private static final class OfKiln extends AbstractFunction1<BlockId, Object> implements Serializable {
        private static final long serialVersionUID = 1L;

        @Override
        public Object apply(BlockId id) {
            return id.isRDD() || id.isShuffle() || id.name().matches("broadcast_\\d+_v.*");
        }
    }
}
