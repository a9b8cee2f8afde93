package io.kiln.ndarray;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Prints arrays as NumPy does with its default options: up to 8 digits behind the point, columns aligned, lines of 75
 * characters, and of more than 1,000 elements only the first and last three along each axis.
 */
final class ArrayPrinter {
    private static final int LINE = 75;
    private static final int EDGE = 3;
    private static final long MANY = 1000;

    private final Shape shape;
    private final boolean summary;
    private final List<String> words;
    private int next;

    private ArrayPrinter(Shape shape, boolean summary, List<String> words) {
        this.shape = shape;
        this.summary = summary;
        this.words = words;
    }

    static String print(NDArray a) {
        if (a.size() == 0) {
            return "[]";
        }
        try (Scope scope = Scope.open()) {
            boolean summary = a.size() > MANY;
            NDArray shown = summary ? edges(a) : a;
            List<String> words = words(shown);
            return a.shape().rank() == 0
                    ? words.get(0)
                    : new ArrayPrinter(a.shape(), summary, words).block(0, " ", LINE);
        }
    }

    /** What is printed of a large array, as an array. */
    private static NDArray edges(NDArray a) {
        NDArray shown = a;
        for (int axis = 0; axis < a.shape().rank(); axis++) {
            long d = a.shape().dim(axis);
            if (d > 2 * EDGE) {
                NDArray edge = NDArray.empty(shown.shape().with(axis, 2 * EDGE), a.dtype());
                long[] strides = shown.strides();
                long[] to = edge.strides();
                Shape half = shown.shape().with(axis, EDGE);
                edge.view(half, to, 0).assign(shown.view(half, strides, 0));
                edge.view(half, to, EDGE * to[axis]).assign(shown.view(half, strides, (d - EDGE) * strides[axis]));
                shown = edge;
            }
        }
        return shown;
    }

    private static List<String> words(NDArray a) {
        if (a.dtype().isFloating()) {
            double[] values = a.toDoubleArray();
            return a.shape().rank() == 0
                    ? List.of(FloatFormat.single(values[0], a.dtype()))
                    : FloatFormat.all(values, a.dtype());
        }
        long[] values = a.toLongArray();
        boolean truth = a.dtype() == DType.BOOL;
        List<String> plain =
                collect(values.length, i -> truth ? (values[i] != 0 ? "True" : "False") : Long.toString(values[i]));
        int width = truth && a.shape().rank() > 0
                ? "False".length()
                : plain.stream().mapToInt(String::length).max().orElse(0);
        return collect(
                values.length, i -> " ".repeat(Math.max(0, width - plain.get(i).length())) + plain.get(i));
    }

    static List<String> collect(int count, IntFunction<String> word) {
        List<String> list = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            list.add(word.apply(i));
        }
        return list;
    }

    /** The elements below one index of the axes in front, in brackets. */
    private String block(int axis, String indent, int width) {
        boolean cut = summary && shape.dim(axis) > 2 * EDGE;
        int count = (int) (cut ? 2 * EDGE : shape.dim(axis));
        boolean last = axis == shape.rank() - 1;
        StringBuilder text = new StringBuilder();
        StringBuilder line = new StringBuilder(indent);
        String separator = "\n".repeat(shape.rank() - axis - 1);
        for (int i = 0; i < count; i++) {
            if (cut && i == EDGE) {
                if (last) {
                    extend(text, line, "...", width - 1, indent).append(' ');
                } else {
                    text.append(indent).append("...").append(separator);
                }
            }
            if (last) {
                extend(text, line, words.get(next++), width - 1, indent);
                line.append(i == count - 1 ? "" : " ");
            } else {
                text.append(indent).append(block(axis + 1, indent + " ", width - 1));
                text.append(i == count - 1 ? "" : separator);
            }
        }
        text.append(last ? line : "");
        return "[" + text.substring(indent.length()) + "]";
    }

    private static StringBuilder extend(StringBuilder text, StringBuilder line, String word, int width, String indent) {
        if (line.length() + word.length() > width && line.length() > indent.length()) {
            text.append(line.toString().stripTrailing()).append('\n');
            line.setLength(0);
            line.append(indent);
        }
        return line.append(word);
    }
}
