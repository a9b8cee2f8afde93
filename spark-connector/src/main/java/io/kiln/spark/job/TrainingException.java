package io.kiln.spark.job;

/** Training cannot go on, for a reason that another attempt would meet again. */
public final class TrainingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, and what to do
     */
    public TrainingException(String message) {
        super(message);
    }

    /**
     * Makes one.
     *
     * @param message what happened, where, and what to do
     * @param cause what it comes from
     */
    public TrainingException(String message, Throwable cause) {
        super(message, cause);
    }
}
