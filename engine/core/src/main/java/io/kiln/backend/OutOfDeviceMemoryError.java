package io.kiln.backend;

/** A device's memory budget is exhausted; the message says how much was asked, how much is held, and which setting helps. */
public class OutOfDeviceMemoryError extends OutOfMemoryError {
    private static final long serialVersionUID = 1L;

    /**
     * Creates the error.
     *
     * @param message what was asked, what is held, the remedy
     */
    public OutOfDeviceMemoryError(String message) {
        super(message);
    }
}
