package io.kiln.backend;

/**
 * Thrown when a device's memory budget is exhausted; the message says how much was requested, how much is held, and
 * which setting helps. The budget is Kiln's own and the JVM is fine, so this is not an {@link OutOfMemoryError}: Spark
 * kills executors and drivers that throw one.
 */
public class OutOfDeviceMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what was requested, what is held, and the remedy
     */
    public OutOfDeviceMemoryException(String message) {
        super(message);
    }

    /**
     * Creates an exception for an operation that needed memory.
     *
     * @param operation the operation, and what to lower
     * @param cause what was requested and what is held
     */
    public OutOfDeviceMemoryException(String operation, OutOfDeviceMemoryException cause) {
        super(operation + ": " + cause.getMessage(), cause);
    }
}
