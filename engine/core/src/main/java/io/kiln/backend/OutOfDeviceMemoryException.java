package io.kiln.backend;

/**
 * A device's memory budget is exhausted; the message says how much was asked, how much is held, and which setting helps. The
 * budget is Kiln's own and the JVM is well, so this is no {@link OutOfMemoryError}: Spark ends executors and drivers that
 * throw one.
 */
public class OutOfDeviceMemoryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what was asked, what is held, the remedy
     */
    public OutOfDeviceMemoryException(String message) {
        super(message);
    }

    /**
     * Creates the exception of an operation that needed memory.
     *
     * @param operation the operation, and what to lower
     * @param cause what was asked, what is held
     */
    public OutOfDeviceMemoryException(String operation, OutOfDeviceMemoryException cause) {
        super(operation + ": " + cause.getMessage(), cause);
    }
}
