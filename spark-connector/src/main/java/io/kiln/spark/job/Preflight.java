package io.kiln.spark.job;

import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import io.kiln.spark.device.DeviceSetting;
import io.kiln.spark.device.TaskDevice;
import io.kiln.spark.device.WorkerDevices;
import io.kiln.spark.stage.BarrierStage;
import io.kiln.spark.stage.SparkJob;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/** Checks the preconditions of a training job before it is launched. */
final class Preflight {
    private static final Logger LOG = LoggerFactory.getLogger(Preflight.class);
    private static final Pattern LOCAL_CLUSTER =
            Pattern.compile("local-cluster\\[\\s*(\\d+)\\s*,\\s*(\\d+)\\s*,\\s*(\\d+)\\s*]");
    private static final long POLL_MILLIS = 50;
    private static final long MIB = 1 << 20;

    private final SparkContext sc;
    private final SparkConf conf;
    private final int workers;
    private final int taskCpus;
    private final int cores;
    private final double gpusOfExecutor;
    private DeviceSetting device;

    Preflight(SparkContext sc, RunSettings.Cluster cluster) {
        this.sc = sc;
        this.conf = sc.getConf();
        this.workers = cluster.numWorkers();
        this.taskCpus = conf.getInt("spark.task.cpus", 1);
        this.cores = cluster.coresPerWorker() == 0 ? taskCpus : cluster.coresPerWorker();
        this.gpusOfExecutor = sc.isLocal() ? 0 : conf.getDouble("spark.executor.resource.gpu.amount", 0);
        DeviceSetting wanted = cluster.deviceSetting();
        this.device = wanted.isAuto() && gpusOfExecutor == 0 ? DeviceSetting.cpu() : wanted;
    }

    /** The device of each worker; {@code auto} is replaced by a type once {@link #checkEngines} has found devices. */
    DeviceSetting device() {
        return device;
    }

    /** Whether each worker needs one of the GPUs that Spark manages. */
    private boolean needsGpus() {
        return gpusOfExecutor > 0 && !device.isCpu();
    }

    /** Cores, and engine threads, of each worker. */
    int cores() {
        return cores;
    }

    /**
     * The resources that the training stage requests; null for Spark's defaults. A worker needs a whole GPU, also where
     * Spark's other tasks share them.
     */
    ResourceProfile profile() {
        boolean usual = !needsGpus() || conf.getDouble("spark.task.resource.gpu.amount", 0) == 1;
        if (cores == taskCpus && usual || sc.isLocal()) {
            return null;
        }
        TaskResourceRequests requests = new TaskResourceRequests().cpus(cores);
        if (needsGpus()) {
            requests.resource("gpu", 1);
        }
        ResourceProfile wanted = new ResourceProfileBuilder().require(requests).build();
        Option<ResourceProfile> known = sc.resourceProfileManager().getEquivalentProfile(wanted);
        if (known.isDefined()) {
            return known.get();
        }
        sc.resourceProfileManager().addResourceProfile(wanted);
        return wanted;
    }

    /** Checks the configuration. */
    void checkConfiguration() {
        if (conf.getBoolean("spark.dynamicAllocation.enabled", false)) {
            throw new IllegalStateException(
                    "fit: spark.dynamicAllocation.enabled is true, but workers train together in one barrier stage, for which Spark needs a fixed number of executors; set it to false");
        }
        if (sc.isLocal()) {
            int all = slots(null) * taskCpus;
            if (workers * cores > all) {
                throw notEnough(all / cores);
            }
        }
    }

    /**
     * Waits until there are as many slots as workers, since executors may still be starting or may have been lost;
     * fails at once if there never will be enough.
     */
    void awaitSlots(Duration longest) throws InterruptedException {
        ResourceProfile profile = profile();
        long start = System.nanoTime();
        boolean told = false;
        while (true) {
            int slots = slots(profile);
            if (slots >= workers || sc.isLocal() && slots(null) * taskCpus >= workers * cores) {
                return;
            }
            if (expectedSlots() < workers) {
                throw notEnough(expectedSlots());
            }
            if (System.nanoTime() - start > longest.toNanos()) {
                throw notEnough(slots);
            }
            if (!told) {
                LOG.info(
                        "fit: {} workers are waiting for slots, {} are available; they wait up to {} s (timeout)",
                        workers,
                        slots,
                        longest.toSeconds());
                told = true;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    /**
     * Replaces executors whose processes cannot use their devices any more, and waits until they are gone; a local
     * master has no others.
     */
    void replace(Set<String> executors, Duration longest) throws InterruptedException {
        long start = System.nanoTime();
        for (String executor : sc.isLocal() ? Set.<String>of() : executors) {
            LOG.warn("fit: executor {} is replaced, because its device failed", executor);
            sc.killAndReplaceExecutor(executor);
            while (sc.getExecutorIds().contains(executor)) {
                if (System.nanoTime() - start > longest.toNanos()) {
                    throw new IllegalStateException(
                            "fit: executor %s, whose device failed, was not replaced within %d s; raise timeout, or end it"
                                    .formatted(executor, longest.toSeconds()));
                }
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        }
    }

    private IllegalStateException notEnough(int slots) {
        return new IllegalStateException(
                "numWorkers: %d workers with %d cores%s each must run at the same time, this application has room for %d; set numWorkers to at most that, lower coresPerWorker, or start more executors"
                        .formatted(workers, cores, needsGpus() ? " and a GPU" : "", slots));
    }

    private int slots(ResourceProfile profile) {
        ResourceProfile p = profile == null ? sc.resourceProfileManager().defaultResourceProfile() : profile;
        return sc.maxNumConcurrentTasks(p);
    }

    /** The number of slots of all executors that this application will ever have, or a large number if unknown. */
    private int expectedSlots() {
        Matcher m = LOCAL_CLUSTER.matcher(sc.master());
        if (m.matches()) {
            return Integer.parseInt(m.group(1)) * slotsOfExecutor(Integer.parseInt(m.group(2)));
        }
        if (conf.contains("spark.executor.instances") && conf.contains("spark.executor.cores")) {
            return conf.getInt("spark.executor.instances", 0) * slotsOfExecutor(conf.getInt("spark.executor.cores", 1));
        }
        return Integer.MAX_VALUE;
    }

    private int slotsOfExecutor(int coresOfExecutor) {
        int byCores = coresOfExecutor / cores;
        return needsGpus() ? Math.min(byCores, (int) gpusOfExecutor) : byCores;
    }

    /** Checks that engines can start, here or on the executors, and that each worker has a device of its own. */
    void checkEngines(Duration timeout) throws ExecutionException, TimeoutException, InterruptedException {
        if (!device.isCpu()) {
            findDevices(timeout);
        } else if (sc.isLocal()) {
            LOG.debug("engine: {}", Backends.get(Device.cpu()).describe());
        } else {
            List<Integer> probes = IntStream.range(0, slots(null)).boxed().toList();
            List<String> reasons = SparkJob.collect(
                    JavaSparkContext.fromSparkContext(sc)
                            .parallelize(probes, probes.size())
                            .map(i -> probe())
                            .filter(Objects::nonNull),
                    timeout);
            if (!reasons.isEmpty()) {
                throw new IllegalStateException("fit: an engine cannot start on an executor: " + reasons.get(0));
            }
        }
    }

    private static String probe() {
        try {
            Backends.get(Device.cpu()).describe();
            return null;
        } catch (RuntimeException | LinkageError e) {
            return e.toString();
        }
    }

    /** Runs tasks like the workers', so that Spark assigns GPUs to them as it will to the workers. */
    private void findDevices(Duration timeout) throws ExecutionException, TimeoutException, InterruptedException {
        DeviceSetting wanted = device;
        JavaRDD<Integer> ranks = JavaSparkContext.fromSparkContext(sc)
                .parallelize(IntStream.range(0, workers).boxed().toList(), workers);
        List<TaskDevice.Finding> findings = BarrierStage.run(
                ranks, profile(), rows -> List.of(TaskDevice.find(wanted)).iterator(), () -> {}, timeout);
        device = WorkerDevices.check(wanted, findings);
        for (TaskDevice.Finding f : findings) {
            LOG.info("fit: {} computes on {}", f.place(), f.text());
        }
    }

    /**
     * Reports the memory that the packed rows need: each worker reads rows that Spark does not keep in memory as
     * objects from its own file in a local directory.
     */
    void tellRows(long bytes, String storageLevel) {
        long share = bytes / workers / MIB + 1;
        LOG.info(
                "fit: {} MiB of packed rows, {} MiB for each of {} workers; storageLevel {} lets executors keep up to {} MiB in memory, and what is not kept there needs as much space in spark.local.dir, at full speed if the operating system has memory to spare for it",
                bytes / MIB + 1,
                share,
                workers,
                storageLevel,
                CollectionConverters.asJava(sc.getExecutorMemoryStatus()).values().stream()
                                .mapToLong(m -> (Long) m._1())
                                .max()
                                .orElse(0)
                        / MIB);
    }

    /** Checks the off-heap memory, which cluster managers limit. */
    void checkMemory(long bytesPerWorker) {
        String master = sc.master();
        if (!master.startsWith("yarn") && !master.startsWith("k8s")) {
            return;
        }
        long heap = conf.getSizeAsMb("spark.executor.memory", "1g");
        double factor = conf.getDouble("spark.executor.memoryOverheadFactor", 0.1);
        long overhead = conf.contains("spark.executor.memoryOverhead")
                ? conf.getSizeAsMb("spark.executor.memoryOverhead")
                : Math.max(384, (long) (factor * heap));
        int perExecutor = Math.max(1, conf.getInt("spark.executor.cores", 1) / cores);
        long need = perExecutor * (bytesPerWorker / MIB + 64);
        if (need > overhead) {
            throw new IllegalStateException(
                    "fit: weights, gradients and batches of %d workers in an executor need about %d MiB outside the heap, spark.executor.memoryOverhead is %d MiB; set it to %dm or lower batchSize"
                            .formatted(perExecutor, need, overhead, need));
        }
    }
}
