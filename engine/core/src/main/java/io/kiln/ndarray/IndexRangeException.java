package io.kiln.ndarray;

/** An index among the elements of an array is out of range. */
public final class IndexRangeException extends IndexOutOfBoundsException {
    private static final long serialVersionUID = 1;

    private final long value;

    /**
     * Names what is wrong.
     *
     * @param operation the operation, and the axis where it has one
     * @param least the least index
     * @param most the greatest index; below {@code least} when the axis is empty
     * @param value the index that is out of range
     */
    public IndexRangeException(String operation, long least, long most, long value) {
        super(operation + ": "
                + (most < least ? "the axis is empty" : "indices must be from " + least + " to " + most) + ", got "
                + value);
        this.value = value;
    }

    /** {@return the index that is out of range} */
    public long value() {
        return value;
    }
}
