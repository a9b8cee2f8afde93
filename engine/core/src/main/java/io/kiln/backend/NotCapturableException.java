package io.kiln.backend;

/**
 * Thrown while a queue {@linkplain Queue#capture captures} work that it cannot run again without the host: it reads or
 * writes values, or waits. Nothing of the work has run, and the queue goes on.
 */
public class NotCapturableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what the work does
     */
    public NotCapturableException(String message) {
        super(message);
    }

    /**
     * Creates the exception.
     *
     * @param message what the work does
     * @param cause what the driver or a library says
     */
    public NotCapturableException(String message, Throwable cause) {
        super(message, cause);
    }
}
