package io.kiln.spark.report;

/** Thrown when training cannot continue, for a reason that another attempt would not fix. */
public final class TrainingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Creates an exception.
     *
     * @param message what happened, where, and the remedy
     */
    public TrainingException(String message) {
        super(message);
    }

    /**
     * Creates an exception with a cause.
     *
     * @param message what happened, where, and the remedy
     * @param cause the cause
     */
    public TrainingException(String message, Throwable cause) {
        super(message, cause);
    }
}
