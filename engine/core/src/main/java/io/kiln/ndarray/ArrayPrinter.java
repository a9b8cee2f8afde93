package io.kiln.ndarray;

import io.kiln.op.Dispatch;
import io.kiln.op.shape.Concat;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * Prints arrays like NumPy: rows in brackets, columns aligned, lines of at most 75 characters, and for arrays of more
 * than 1,000 elements only the first and last three entries of each axis.
 */
final class ArrayPrinter {
    private static final int LINE = 75;
    private static final int THRESHOLD = 1000;
    private static final long EDGE = 3;

    private final Shape shape;
    private final boolean[] shortened;
    private final List<String> words;

    private ArrayPrinter(Shape shape, boolean[] shortened, List<String> words) {
        this.shape = shape;
        this.shortened = shortened;
        this.words = words;
    }

    static String print(NDArray a) {
        if (a.size() == 0) {
            return "[]";
        }
        try (Scope scope = Scope.open()) {
            boolean[] shortened = new boolean[a.shape().rank()];
            NDArray shown = a;
            for (int i = 0; i < shortened.length && a.size() > THRESHOLD; i++) {
                shortened[i] = a.shape().dim(i) > 2 * EDGE;
                shown = shortened[i] ? edges(shown, i) : shown;
            }
            if (a.shape().rank() == 0) {
                return a.dtype().isFloating()
                        ? FloatFormat.alone(a.item(), a.dtype())
                        : words(a).get(0).strip();
            }
            return new ArrayPrinter(shown.shape(), shortened, words(shown)).rows(0, 0, " ", LINE);
        }
    }

    private static NDArray edges(NDArray a, int axis) {
        Shape part = a.shape().with(axis, EDGE);
        NDArray first = a.view(part, a.strides(), 0);
        NDArray last = a.view(part, a.strides(), (a.shape().dim(axis) - EDGE) * a.strides()[axis]);
        return Dispatch.withoutGradient(new Concat(axis), first, last);
    }

    private static List<String> words(NDArray a) {
        if (a.dtype().isFloating()) {
            return FloatFormat.column(a.toDoubleArray(), a.dtype());
        }
        boolean bool = a.dtype() == DType.BOOL;
        List<String> words = Arrays.stream(a.toLongArray())
                .mapToObj(v -> bool ? v != 0 ? "True" : "False" : Long.toString(v))
                .toList();
        int width =
                bool ? 5 : Collections.max(words.stream().map(String::length).toList());
        return words.stream().map(w -> " ".repeat(width - w.length()) + w).toList();
    }

    /** The text of the part of the array that begins at a word, from an axis on, with the first line not indented. */
    private String rows(int axis, int first, String indent, int width) {
        String text =
                axis == shape.rank() - 1 ? line(axis, first, indent, width - 1) : block(axis, first, indent, width);
        return "[" + text.substring(indent.length()) + "]";
    }

    private String block(int axis, int first, String indent, int width) {
        StringBuilder s = new StringBuilder();
        int n = (int) shape.dim(axis);
        int step = words.size();
        for (int i = 0; i <= axis; i++) {
            step /= (int) shape.dim(i);
        }
        String between = "\n".repeat(shape.rank() - axis - 1);
        for (int i = 0; i < n; i++) {
            if (shortened[axis] && i == EDGE) {
                s.append(indent).append("...").append(between);
            }
            s.append(indent).append(rows(axis + 1, first + i * step, indent + " ", width - 1));
            s.append(i == n - 1 ? "" : between);
        }
        return s.toString();
    }

    private String line(int axis, int first, String indent, int width) {
        StringBuilder done = new StringBuilder();
        StringBuilder line = new StringBuilder(indent);
        int n = (int) shape.dim(axis);
        for (int i = 0; i < n; i++) {
            if (shortened[axis] && i == EDGE) {
                line = extended(done, line, "...", indent, width).append(' ');
            }
            line = extended(done, line, words.get(first + i), indent, width);
            line.append(i == n - 1 ? "" : " ");
        }
        return done.append(line).toString();
    }

    private static StringBuilder extended(
            StringBuilder done, StringBuilder line, String word, String indent, int width) {
        if (line.length() + word.length() > width && line.length() > indent.length()) {
            done.append(line.toString().stripTrailing()).append('\n');
            return new StringBuilder(indent).append(word);
        }
        return line.append(word);
    }
}
