package io.kiln.data;

/** Thrown when a sample could not be created. The cause says what went wrong. */
public final class SampleException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final long index;

    /**
     * Creates an exception.
     *
     * @param index index of the sample; -1 if the batch could not be created from its samples
     * @param message what went wrong
     * @param cause the cause
     */
    public SampleException(long index, String message, Throwable cause) {
        super(message, cause);
        this.index = index;
    }

    /** {@return the index of the sample, -1 for a batch} */
    public long index() {
        return index;
    }
}
