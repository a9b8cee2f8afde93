package io.kiln.data;

/** A sample could not be made. The cause is what went wrong. */
public final class SampleException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final long index;

    /**
     * An exception.
     *
     * @param index number of the sample; -1 when the batch could not be made of its samples
     * @param message what went wrong
     * @param cause why
     */
    public SampleException(long index, String message, Throwable cause) {
        super(message, cause);
        this.index = index;
    }

    /** {@return the number of the sample, -1 for a batch} */
    public long index() {
        return index;
    }
}
