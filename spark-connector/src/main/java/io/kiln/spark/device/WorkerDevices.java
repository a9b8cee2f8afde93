package io.kiln.spark.device;

import io.kiln.backend.Device;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Checks on the driver what the executors have found for the workers of a job. */
public final class WorkerDevices {
    private WorkerDevices() {}

    /**
     * Checks that each worker has a device of its own, and all have one of the same type.
     *
     * @param setting what the Param asks for
     * @param findings what the workers' executors have found, by rank
     * @return the setting for the workers: a type in place of {@code auto}
     * @throws IllegalStateException if workers lack a device or would share a GPU; names executors, what was found, and
     *     the remedy
     */
    public static DeviceSetting check(DeviceSetting setting, List<TaskDevice.Finding> findings) {
        List<TaskDevice.Finding> without =
                findings.stream().filter(f -> !f.isFound()).toList();
        if (!without.isEmpty()) {
            throw new IllegalStateException("device %s: %d of %d workers have none: %s"
                    .formatted(
                            setting,
                            without.size(),
                            findings.size(),
                            without.stream()
                                    .map(f -> f.place() + ": " + f.text())
                                    .distinct()
                                    .collect(Collectors.joining("; "))));
        }
        Map<String, TaskDevice.Finding> owners = new HashMap<>();
        for (TaskDevice.Finding f : findings) {
            TaskDevice.Finding other = f.isShared() ? null : owners.put(f.host() + " " + f.device(), f);
            if (other != null) {
                throw new IllegalStateException(
                        "device %s: two workers would share %s: %s with GPUs %s of Spark, %s with %s; they would compete for its memory: lower numWorkers, %s"
                                .formatted(
                                        setting,
                                        f.device(),
                                        other.place(),
                                        other.addresses(),
                                        f.place(),
                                        f.addresses(),
                                        f.addresses().isEmpty()
                                                ? "or leave the index out of device"
                                                : "or let each executor of a host find other addresses (spark.worker.resource.gpu.discoveryScript, spark.executor.resource.gpu.discoveryScript)"));
            }
        }
        List<String> types = findings.stream()
                .map(f -> Device.parse(f.device()).type())
                .distinct()
                .toList();
        if (types.size() > 1) {
            throw new IllegalStateException(
                    "device %s: the workers have devices of different types: %s; name one of them"
                            .formatted(
                                    setting,
                                    findings.stream()
                                            .map(f -> f.place() + ": " + f.device())
                                            .collect(Collectors.joining("; "))));
        }
        return setting.isAuto() ? new DeviceSetting(types.get(0), DeviceSetting.ANY) : setting;
    }
}
