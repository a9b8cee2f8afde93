package io.kiln.ndarray;

import io.kiln.op.Dispatch;
import io.kiln.op.shape.ExpandDims;
import io.kiln.op.shape.Slice;
import io.kiln.op.shape.Squeeze;
import java.util.ArrayList;
import java.util.List;

/** Indexing as in NumPy: {@code "…, 1:, ::2, -1"}. One item per axis, separated by commas. */
final class Subscript {
    private static final String FORMS =
            "items are an index (-1), a range (1:, :-1, ::2), : for a whole axis, … or ... for all"
                    + " axes between, None for a new axis";

    private final String text;
    private final List<Long> start = new ArrayList<>();
    private final List<Long> stop = new ArrayList<>();
    private final List<Long> step = new ArrayList<>();
    private final List<Long> dropped = new ArrayList<>();
    private final List<Integer> inserted = new ArrayList<>();

    private Subscript(String text, Shape x) {
        this.text = text;
        String[] items = text.strip().isEmpty() ? new String[0] : text.split(",", -1);
        int named = 0;
        int ellipses = 0;
        for (int i = 0; i < items.length; i++) {
            items[i] = items[i].strip();
            ellipses += isEllipsis(items[i]) ? 1 : 0;
            named += isEllipsis(items[i]) || isNewAxis(items[i]) ? 0 : 1;
        }
        if (ellipses > 1 || named > x.rank()) {
            throw new ShapeException("get: \"" + text + "\" has " + named + " items and " + ellipses
                    + " ellipses for shape " + x + "; give at most one item per axis and one ellipsis");
        }
        int axes = 0;
        for (String item : items) {
            if (isEllipsis(item)) {
                for (int i = named; i < x.rank(); i++) {
                    add(0, Long.MAX_VALUE, 1);
                    axes++;
                }
            } else if (isNewAxis(item)) {
                inserted.add(axes++);
            } else if (item.indexOf(':') >= 0) {
                range(item);
                axes++;
            } else {
                index(number(item), x);
            }
        }
    }

    private static boolean isEllipsis(String item) {
        return item.equals("…") || item.equals("...");
    }

    private static boolean isNewAxis(String item) {
        return item.equals("None") || item.equals("newaxis");
    }

    private void add(long from, long to, long by) {
        start.add(from);
        stop.add(to);
        step.add(by);
    }

    private void range(String item) {
        String[] parts = item.split(":", -1);
        if (parts.length > 3) {
            throw new IllegalArgumentException("get: \"" + item + "\" in \"" + text + "\" is not start:stop:step");
        }
        long by = parts.length < 3 || parts[2].isBlank() ? 1 : number(parts[2]);
        if (by == 0) {
            throw new IllegalArgumentException("get: the step of \"" + item + "\" in \"" + text + "\" must not be 0");
        }
        long from = parts[0].isBlank() ? (by > 0 ? 0 : Long.MAX_VALUE) : number(parts[0]);
        long to = parts[1].isBlank() ? (by > 0 ? Long.MAX_VALUE : Long.MIN_VALUE) : number(parts[1]);
        add(from, to, by);
    }

    private void index(long i, Shape x) {
        int axis = start.size();
        long d = x.dim(axis);
        if (d != Shape.UNKNOWN && (i < -d || i >= d)) {
            throw new IndexOutOfBoundsException("get: index " + i + " in \"" + text + "\" is outside axis " + axis
                    + " of shape " + x + "; it must be from " + -d + " to " + (d - 1));
        } else if (d == Shape.UNKNOWN) {
            throw new ShapeException("get: index " + i + " in \"" + text + "\" needs a known size of axis " + axis
                    + ", got shape " + x + "; use a range or Indexing.gather");
        }
        dropped.add((long) axis);
        add(i < 0 ? i + d : i, (i < 0 ? i + d : i) + 1, 1);
    }

    private long number(String s) {
        try {
            return Long.parseLong(s.strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "get: \"" + s.strip() + "\" in \"" + text + "\" is not an index; " + FORMS, e);
        }
    }

    /** The part of an array described by a text. */
    static NDArray part(NDArray x, String text) {
        Subscript s = new Subscript(text, x.shape());
        NDArray y = Dispatch.one(new Slice(List.copyOf(s.start), List.copyOf(s.stop), List.copyOf(s.step)), x);
        return s.arranged(y);
    }

    private NDArray arranged(NDArray y) {
        NDArray z = dropped.isEmpty() ? y : Dispatch.one(new Squeeze(List.copyOf(dropped)), y);
        for (int axis : inserted) {
            z = Dispatch.one(new ExpandDims(axis), z);
        }
        return z;
    }

    /** A view of the part of an array described by a text, possibly reversed; unknown to autograd. */
    static NDArray place(NDArray x, String text) {
        Subscript s = new Subscript(text, x.shape());
        long[] strides = x.strides().clone();
        long first = 0;
        Shape shape =
                new Slice(List.copyOf(s.start), List.copyOf(s.stop), List.copyOf(s.step)).infer(x.spec())[0].shape();
        for (int i = 0; i < s.start.size(); i++) {
            long d = x.shape().dim(i);
            long by = s.step.get(i);
            long from = s.start.get(i) < 0 ? Math.max(s.start.get(i), -d - 1) + d : s.start.get(i);
            first += Math.max(0, Math.min(from, by > 0 ? d : d - 1)) * strides[i];
            strides[i] *= by;
        }
        return s.arranged(x.view(shape, strides, shape.size() == 0 ? 0 : first));
    }
}
