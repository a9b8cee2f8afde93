package io.kiln.spark.job;

import io.kiln.backend.Device;
import io.kiln.backend.DeviceFailedException;
import io.kiln.backend.OutOfDeviceMemoryException;
import io.kiln.spark.device.TaskDevice;
import java.util.Locale;
import org.apache.spark.SparkEnv;

/**
 * A failure of a worker's device, which another attempt may not meet: the device was lost, or its memory was full, which
 * other processes use as well.
 *
 * @param message what happened, with device, executor and remedy
 * @param executor the executor to be replaced, because its process cannot use the device any more; empty if it can
 */
record DeviceTrouble(String message, String executor) {
    /**
     * Finds the trouble that a throwable was caused by.
     *
     * @param e the throwable
     * @param device the worker's device; null if none was found
     * @return the trouble; null if there is none, or if the device is the CPU
     */
    static DeviceTrouble in(Throwable e, Device device) {
        if (device == null || device.equals(Device.cpu())) {
            return null;
        }
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof DeviceFailedException f) {
                Throwable root = f;
                while (root.getCause() != null) {
                    root = root.getCause();
                }
                String message = String.format(
                        Locale.ROOT,
                        "training: the device %s of %s failed: %s%s",
                        f.device(),
                        TaskDevice.place(),
                        f.getMessage(),
                        root == f ? "" : ", for " + root.getMessage());
                return new DeviceTrouble(message, SparkEnv.get().executorId());
            }
            if (t instanceof OutOfDeviceMemoryException) {
                String message = String.format(
                        Locale.ROOT,
                        "training: the memory of %s of %s is full: weights, gradients, optimizer states and the batch need more than is available; lower batchSize or raise numWorkers: %s",
                        device,
                        TaskDevice.place(),
                        t.getMessage());
                return new DeviceTrouble(message, "");
            }
        }
        return null;
    }
}
