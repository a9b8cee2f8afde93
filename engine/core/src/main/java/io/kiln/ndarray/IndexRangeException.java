package io.kiln.ndarray;

import io.kiln.backend.CurrentLayer;

/** Thrown when an index among the elements of an array is out of range. */
public final class IndexRangeException extends IndexOutOfBoundsException {
    private static final long serialVersionUID = 1;

    private final String layer;
    private final boolean settled;
    private final String fault;
    private final String argument;
    private final long value;

    private IndexRangeException(String layer, boolean settled, String fault, String argument, long value) {
        super(layer.isEmpty() ? fault : "layer " + layer + ": " + fault);
        this.layer = layer;
        this.settled = settled;
        this.fault = fault;
        this.argument = argument;
        this.value = value;
    }

    /**
     * Names the first number that is out of range, or not whole.
     *
     * @param operation the operation, and the axis if it has one
     * @param argument what the numbers are, such as {@code indices} or {@code labels}
     * @param numbers the numbers, at least one of which is out of range
     * @param least the smallest allowed number
     * @param most the largest allowed number; below {@code least} if none is allowed
     * @return the exception, to be thrown
     */
    public static IndexRangeException first(String operation, String argument, NDArray numbers, long least, long most) {
        String range = most < least ? "the axis is empty" : argument + " must be from " + least + " to " + most;
        if (numbers.dtype().isFloating()) {
            double[] values = numbers.toDoubleArray();
            int at = 0;
            while (at < values.length - 1 && isWhole(values[at]) && values[at] >= least && values[at] <= most) {
                at++;
            }
            String got = isWhole(values[at]) ? Long.toString((long) values[at]) : values[at] + ", not a whole number,";
            return of(operation, range, got, argument, (long) values[at], numbers.shape(), at);
        }
        long[] values = numbers.toLongArray();
        int at = 0;
        while (at < values.length - 1 && values[at] >= least && values[at] <= most) {
            at++;
        }
        return of(operation, range, Long.toString(values[at]), argument, values[at], numbers.shape(), at);
    }

    private static boolean isWhole(double x) {
        return x == Math.rint(x) && Math.abs(x) <= 1L << 53;
    }

    private static IndexRangeException of(
            String operation, String range, String got, String argument, long value, Shape shape, int at) {
        String place = shape.rank() == 0 ? "" : " at " + place(shape, at);
        return new IndexRangeException("", false, operation + ": " + range + ", got " + got + place, argument, value);
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
     * @return an exception that names the layer before those that it already names; this one if all are named
     */
    public IndexRangeException within(String name) {
        return settled || name == null || name.isEmpty()
                ? this
                : in(layer.isEmpty() ? name : name + "." + layer, false);
    }

    /**
     * The same error, found after its layer has ended.
     *
     * @param path the layers that ran when the indices were used, outermost first, as {@link CurrentLayer#path} gives them
     * @return an exception that names these layers, and none of those in which it is thrown
     */
    public IndexRangeException late(String path) {
        return in(path, true);
    }

    private IndexRangeException in(String path, boolean all) {
        IndexRangeException e = new IndexRangeException(path, all, fault, argument, value);
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
        return within(CurrentLayer.ofNode(node));
    }

    /** {@return what the numbers are, such as {@code indices} or {@code labels}} */
    public String argument() {
        return argument;
    }

    /** {@return the number that is out of range, rounded towards 0 if it is not whole} */
    public long value() {
        return value;
    }
}
