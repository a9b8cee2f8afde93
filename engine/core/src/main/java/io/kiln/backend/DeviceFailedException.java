package io.kiln.backend;

/**
 * Thrown when a device itself has failed: it is lost, or an error has left it unusable for this process. Arrays on it are
 * gone; another process may be able to use it again. Wrong values, wrong arguments and a full memory are not failures of
 * the device.
 */
public class DeviceFailedException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    private final Device device;

    /**
     * Creates the exception.
     *
     * @param device the device
     * @param message what failed, with the driver's error
     * @param cause the first failure; null if this is the first
     */
    public DeviceFailedException(Device device, String message, Throwable cause) {
        super(device + ": " + message, cause);
        this.device = device;
    }

    /**
     * Returns the device.
     *
     * @return the device that failed
     */
    public Device device() {
        return device;
    }
}
