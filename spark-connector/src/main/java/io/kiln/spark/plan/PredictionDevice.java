package io.kiln.spark.plan;

import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.backend.DeviceFailedException;
import io.kiln.backend.Queue;
import io.kiln.spark.device.DeviceSetting;
import io.kiln.spark.device.TaskDevice;
import java.util.function.Supplier;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The device and the engine threads with which a task predicts. All calls of a task use one queue of the device, which
 * is closed with the task: what the device captured of one batch it replays for the next.
 *
 * <p>Concurrency: thread-safe.
 */
final class PredictionDevice {
    private final Device device;
    private final int threads;
    private Queue queue;

    private PredictionDevice(Device device, int threads) {
        this.device = device;
        this.threads = threads;
    }

    /**
     * Those of the calling task.
     *
     * @param setting what the Param asks for
     * @throws IllegalStateException if there is no such device
     */
    static PredictionDevice of(String setting) {
        TaskContext task = TaskContext.get();
        return new PredictionDevice(
                TaskDevice.ofPrediction(DeviceSetting.parse(setting)), task == null ? 1 : Math.max(1, task.cpus()));
    }

    /** {@return the engine threads: the task's cores} */
    int threads() {
        return threads;
    }

    /**
     * Calls a function that creates its arrays on the device; the calling thread's own device is not changed.
     *
     * @param function the function
     * @return its result
     * @throws IllegalStateException if the device fails
     */
    <T> T call(Supplier<T> function) {
        try {
            if (device.equals(Backends.current().device())) {
                return function.get();
            }
            try (Context context = Context.open(device, threads, queue())) {
                return function.get();
            }
        } catch (DeviceFailedException e) {
            throw new IllegalStateException(
                    "predict: the device %s of %s failed; restart the executor: %s"
                            .formatted(device, TaskDevice.place(), e.getMessage()),
                    e);
        }
    }

    /** The task's queue; null outside a task, where nothing would close it. */
    private synchronized Queue queue() {
        TaskContext task = TaskContext.get();
        if (queue == null && task != null) {
            Queue made = Backends.get(device).newQueue("predictions of task " + task.taskAttemptId());
            task.addTaskCompletionListener((TaskCompletionListener) ended -> made.close());
            queue = made;
        }
        return queue;
    }
}
