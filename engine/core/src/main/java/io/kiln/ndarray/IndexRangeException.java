package io.kiln.ndarray;

/** Thrown when an index among the elements of an array is out of range. */
public final class IndexRangeException extends IndexOutOfBoundsException {
    private static final long serialVersionUID = 1;

    private final String layer;
    private final String fault;
    private final String argument;
    private final long value;

    private IndexRangeException(String layer, String fault, String argument, long value) {
        super(layer.isEmpty() ? fault : "layer " + layer + ": " + fault);
        this.layer = layer;
        this.fault = fault;
        this.argument = argument;
        this.value = value;
    }

    /**
     * Names the first number that is out of range.
     *
     * @param operation the operation, and the axis if it has one
     * @param argument what the numbers are, such as {@code indices} or {@code labels}
     * @param numbers the numbers, at least one of which is out of range
     * @param least the smallest allowed number
     * @param most the largest allowed number; below {@code least} if none is allowed
     * @return the exception, to be thrown
     */
    public static IndexRangeException first(String operation, String argument, NDArray numbers, long least, long most) {
        long[] values = numbers.toLongArray();
        int at = 0;
        while (at < values.length - 1 && values[at] >= least && values[at] <= most) {
            at++;
        }
        String range = most < least ? "the axis is empty" : argument + " must be from " + least + " to " + most;
        String place = numbers.shape().rank() == 0 ? "" : " at " + place(numbers.shape(), at);
        return new IndexRangeException(
                "", operation + ": " + range + ", got " + values[at] + place, argument, values[at]);
    }

    private static Shape place(Shape shape, long at) {
        long[] index = new long[shape.rank()];
        long rest = at;
        for (int i = index.length - 1; i >= 0; i--) {
            index[i] = rest % shape.dim(i);
            rest /= shape.dim(i);
        }
        return Shape.of(index);
    }

    /**
     * The same error inside a layer.
     *
     * @param name name of the layer, or path of names separated by dots; null or empty for none
     * @return an exception that names the layer before those that it already names
     */
    public IndexRangeException within(String name) {
        if (name == null || name.isEmpty()) {
            return this;
        }
        IndexRangeException e =
                new IndexRangeException(layer.isEmpty() ? name : name + "." + layer, fault, argument, value);
        e.setStackTrace(getStackTrace());
        return e;
    }

    /**
     * Like {@link #within}, for a node of a graph.
     *
     * @param node its name, {@code layer/operator}
     * @return an exception that names the layer
     */
    public IndexRangeException atNode(String node) {
        return within(node.substring(0, Math.max(0, node.lastIndexOf('/'))));
    }

    /** {@return what the numbers are, such as {@code indices} or {@code labels}} */
    public String argument() {
        return argument;
    }

    /** {@return the number that is out of range} */
    public long value() {
        return value;
    }
}
