package io.kiln.spark.device;

import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import io.kiln.backend.Survey;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.BarrierTaskInfo;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/** The device of the calling task. */
public final class TaskDevice {
    private static final String GPU = "gpu";

    private TaskDevice() {}

    /**
     * What a worker's executor has for it.
     *
     * @param place executor and host
     * @param host the host
     * @param addresses GPUs that Spark has assigned to the task
     * @param device text form of the device; empty if there is none
     * @param isShared whether other workers may compute on it as well
     * @param text the device's description, or why there is none
     */
    public record Finding(
            String place, String host, List<String> addresses, String device, boolean isShared, String text)
            implements Serializable {
        /** {@return whether there is a device} */
        public boolean isFound() {
            return !device.isEmpty();
        }
    }

    /**
     * Looks for a worker's device and opens it; called in a barrier task.
     *
     * @param setting what the Param asks for
     * @return the device, or why there is none
     */
    public static Finding find(DeviceSetting setting) {
        TaskContext task = TaskContext.get();
        List<String> addresses = addresses(task);
        String host = SparkEnv.get().blockManager().blockManagerId().host();
        try {
            Survey.Found found = ofWorker(setting, task);
            String text = Backends.get(found.device()).describe();
            boolean shared = found.kind() == Survey.Kind.CPU;
            return new Finding(place(), host, addresses, found.device().toString(), shared, text);
        } catch (RuntimeException | LinkageError e) {
            String reason = e instanceof IllegalStateException ? e.getMessage() : e.toString();
            return new Finding(place(), host, addresses, "", false, reason);
        }
    }

    /**
     * The device of a worker, which no other worker uses unless it is the CPU; called in a barrier task.
     *
     * @param setting what the Param asks for
     * @return the device
     * @throws IllegalStateException if there is none
     */
    public static Device ofWorker(DeviceSetting setting) {
        if (setting.isCpu()) {
            return Device.cpu();
        }
        try {
            return ofWorker(setting, TaskContext.get()).device();
        } catch (IllegalStateException e) {
            throw new IllegalStateException("device %s: %s: %s".formatted(setting, place(), e.getMessage()), e);
        }
    }

    private static Survey.Found ofWorker(DeviceSetting setting, TaskContext task) {
        return DeviceChooser.here(setting)
                .choose(addresses(task), new DeviceChooser.Turn(turn((BarrierTaskContext) task), false));
    }

    /** The number of tasks of the stage with lower ranks on the same host. */
    private static int turn(BarrierTaskContext task) {
        BarrierTaskInfo[] all = task.getTaskInfos();
        String own = host(all[task.partitionId()]);
        return (int) Arrays.stream(all, 0, task.partitionId())
                .filter(info -> host(info).equals(own))
                .count();
    }

    private static String host(BarrierTaskInfo info) {
        int colon = info.address().lastIndexOf(':');
        return colon < 0 ? info.address() : info.address().substring(0, colon);
    }

    /**
     * The device of a task that predicts, which shares it with the other tasks of its executor.
     *
     * @param setting what the Param asks for
     * @return the device
     * @throws IllegalStateException if there is none
     */
    public static Device ofPrediction(DeviceSetting setting) {
        TaskContext task = TaskContext.get();
        List<String> addresses = task == null ? List.of() : addresses(task);
        if (setting.isCpu() || setting.isAuto() && addresses.isEmpty()) {
            return Device.cpu();
        }
        try {
            String executor = SparkEnv.get() == null ? "" : SparkEnv.get().executorId();
            int number = executor.matches("\\d{1,9}") ? Integer.parseInt(executor) : 0;
            return DeviceChooser.here(setting)
                    .choose(addresses, new DeviceChooser.Turn(number, true))
                    .device();
        } catch (IllegalStateException e) {
            throw new IllegalStateException(
                    "predict: device %s: %s: %s".formatted(setting, place(), e.getMessage()), e);
        }
    }

    private static List<String> addresses(TaskContext task) {
        ResourceInformation gpus = task.resourcesJMap().get(GPU);
        return gpus == null ? List.of() : List.of(gpus.addresses());
    }

    /** {@return the executor and host of the calling thread, for messages} */
    public static String place() {
        SparkEnv env = SparkEnv.get();
        return env == null
                ? "this process"
                : String.format(
                        Locale.ROOT,
                        "executor %s on %s",
                        env.executorId(),
                        env.blockManager().blockManagerId().host());
    }
}
