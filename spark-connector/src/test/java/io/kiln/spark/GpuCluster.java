package io.kiln.spark;

import io.kiln.cuda.driver.TestDriver;
import io.kiln.ml.NetClassificationModel;
import io.kiln.spark.report.EpochReport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/** Two executors to which Spark assigns one GPU each, of addresses that a discovery script makes up. */
final class GpuCluster {
    private GpuCluster() {}

    /**
     * Starts the executors.
     *
     * @param directory where the script is written
     * @param addresses one for each executor
     * @param perTask GPUs of a task outside of training
     */
    static Cluster start(Path directory, List<String> addresses, String perTask) {
        return start(directory, addresses, perTask, "", Map.of());
    }

    /** The same with options of the executors' JVMs and further settings of Spark. */
    static Cluster start(
            Path directory, List<String> addresses, String perTask, String options, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("spark.worker.resource.gpu.amount", "1");
        all.put(
                "spark.worker.resource.gpu.discoveryScript",
                script(directory, addresses).toString());
        all.put("spark.executor.resource.gpu.amount", "1");
        all.put("spark.task.resource.gpu.amount", perTask);
        return Cluster.ofExecutors(addresses.size(), options, all);
    }

    /** One executor of two cores to which Spark assigns two GPUs, 0 and 1; a task of its stages has one. */
    static Cluster ofOneExecutor(Path directory, String options, Map<String, String> settings) {
        Map<String, String> all = new HashMap<>(settings);
        all.put("spark.worker.resource.gpu.amount", "2");
        all.put(
                "spark.worker.resource.gpu.discoveryScript",
                script(directory, List.of("0\",\"1")).toString());
        all.put("spark.executor.resource.gpu.amount", "2");
        all.put("spark.task.resource.gpu.amount", "1");
        return Cluster.ofExecutors(1, 2, options, all);
    }

    /** Options of executors that find the test driver in the place of NVIDIA's libraries. */
    static String testDriver() {
        Path libraries = TestDriver.build();
        return " -Dkiln.cuda.libraryPath=" + libraries + " -Dkiln.cuda.cacheDir=" + libraries.resolve("cache");
    }

    /** Each worker of Spark that runs the script takes the next address. */
    private static Path script(Path directory, List<String> addresses) {
        StringBuilder text = new StringBuilder("#!/bin/sh\n");
        for (int i = 0; i < addresses.size(); i++) {
            text.append("mkdir '%s/taken%d' 2>/dev/null && echo '{\"name\":\"gpu\",\"addresses\":[\"%s\"]}' && exit 0\n"
                    .formatted(directory, i, addresses.get(i)));
        }
        try {
            Path script = Files.writeString(directory.resolve("gpus.sh"), text + "exit 1\n");
            if (!script.toFile().setExecutable(true)) {
                throw new IllegalStateException(script + " cannot be made executable");
            }
            return script;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The devices that the workers of a fit have reported, by executor. */
    static Map<String, String> devices(NetClassificationModel model) {
        Map<String, String> devices = new TreeMap<>();
        EpochReport last = model.summary().epochs().get(model.summary().epochs().size() - 1);
        for (EpochReport.WorkerReport w : last.workers()) {
            devices.put(w.executor(), w.device() == null ? "cpu" : w.device().name());
        }
        return devices;
    }

    /** The executors and the addresses of Spark's tasks on them. */
    static Map<String, String> addresses(Cluster cluster) {
        Map<String, String> addresses = new TreeMap<>();
        cluster.onAll(rows -> List.of(SparkEnv.get().executorId() + " "
                                + TaskContext.get().resourcesJMap().get("gpu").addresses()[0])
                        .iterator())
                .forEach(line -> addresses.put(line.split(" ")[0], line.split(" ")[1]));
        return addresses;
    }
}
