package io.kiln.op.shape;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Dispatch;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Operators that move elements without computing. */
public final class Movement {
    private Movement() {}

    /**
     * The same elements in another shape: {@link Reshape}.
     *
     * @param x the array
     * @param shape the new shape; one size may be -1
     * @return a new array
     */
    public static NDArray reshape(NDArray x, Shape shape) {
        return Dispatch.one(new Reshape(shape), x);
    }

    /**
     * Permutes the axes: {@link Transpose}.
     *
     * @param x the array
     * @param axes which axis comes first, second, …; none to reverse them all
     * @return a new array
     */
    public static NDArray transpose(NDArray x, int... axes) {
        return x.transpose(axes);
    }

    /**
     * Repeats along axes of size 1 and along new leading axes: {@link BroadcastTo}.
     *
     * @param x the array
     * @param shape the new shape
     * @return a new array
     */
    public static NDArray broadcastTo(NDArray x, Shape shape) {
        return Dispatch.one(new BroadcastTo(shape), x);
    }

    /**
     * Part of one axis: {@link Slice}.
     *
     * @param x the array
     * @param axis the axis; negative ones count from the end
     * @param start first index
     * @param stop bound, not included; Long.MAX_VALUE for the end
     * @param step distance
     * @return a new array
     */
    public static NDArray slice(NDArray x, int axis, long start, long stop, long step) {
        int a = x.shape().axis(axis);
        List<Long> starts = new ArrayList<>(Collections.nCopies(a, 0L));
        List<Long> stops = new ArrayList<>(Collections.nCopies(a, Long.MAX_VALUE));
        List<Long> steps = new ArrayList<>(Collections.nCopies(a + 1, 1L));
        starts.add(start);
        stops.add(stop);
        steps.set(a, step);
        return Dispatch.one(new Slice(List.copyOf(starts), List.copyOf(stops), List.copyOf(steps)), x);
    }

    /**
     * Equal parts of an axis, as views.
     *
     * @param x the array
     * @param parts how many; must divide the size of the axis
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static List<NDArray> split(NDArray x, int parts, int axis) {
        long n = x.shape().dim(axis);
        if (parts < 1 || n < 0 || n % parts != 0) {
            throw new ShapeException(
                    "split: axis " + axis + " of x" + x.shape() + " does not fall into " + parts + " equal parts");
        }
        return LongStream.range(0, parts)
                .mapToObj(i -> x.slice(axis, i * (n / parts), (i + 1) * (n / parts)))
                .toList();
    }

    /**
     * Concatenates arrays along an axis: {@link Concat}.
     *
     * @param axis the axis; negative ones count from the end
     * @param arrays one at least
     * @return a new array
     */
    public static NDArray concat(int axis, NDArray... arrays) {
        return Dispatch.one(new Concat(axis), arrays);
    }

    /**
     * Stacks arrays of one shape along a new axis.
     *
     * @param axis where the new axis stands
     * @param arrays one at least
     * @return a new array
     */
    public static NDArray stack(int axis, NDArray... arrays) {
        NDArray[] expanded = new NDArray[arrays.length];
        for (int i = 0; i < arrays.length; i++) {
            expanded[i] = Dispatch.one(new ExpandDims(axis), arrays[i]);
        }
        return Dispatch.one(new Concat(axis), expanded);
    }

    /**
     * Merges an axis and all following axes: {@link FlattenOp}.
     *
     * @param x the array
     * @param startAxis the first axis to join
     * @return a new array
     */
    public static NDArray flatten(NDArray x, int startAxis) {
        return Dispatch.one(new FlattenOp(startAxis), x);
    }

    /**
     * Inserts an axis of size 1: {@link ExpandDims}.
     *
     * @param x the array
     * @param axis where it stands in the result
     * @return a new array
     */
    public static NDArray expandDims(NDArray x, int axis) {
        return Dispatch.one(new ExpandDims(axis), x);
    }

    /**
     * Removes axes of size 1: {@link Squeeze}.
     *
     * @param x the array
     * @param axes the axes; none for all of size 1
     * @return a new array
     */
    public static NDArray squeeze(NDArray x, int... axes) {
        return Dispatch.one(
                new Squeeze(IntStream.of(axes)
                        .mapToObj(a -> (long) x.shape().axis(a))
                        .toList()),
                x);
    }

    /**
     * Adds a border of one number: {@link Pad}.
     *
     * @param x the array
     * @param before border before the elements, per axis
     * @param after border after the elements, per axis
     * @param value the number
     * @return a new array
     */
    public static NDArray pad(NDArray x, long[] before, long[] after, double value) {
        return Dispatch.one(new Pad(list(before), list(after), PadMode.CONSTANT, value), x);
    }

    /**
     * Adds a border made from the elements at the edge: {@link Pad}.
     *
     * @param x the array
     * @param before border before the elements, per axis
     * @param after border after the elements, per axis
     * @param mode {@link PadMode#EDGE} or {@link PadMode#REFLECT}
     * @return a new array
     */
    public static NDArray pad(NDArray x, long[] before, long[] after, PadMode mode) {
        return Dispatch.one(new Pad(list(before), list(after), mode, 0), x);
    }

    /**
     * Repeats a whole array along its axes: {@link Tile}.
     *
     * @param x the array
     * @param repeats how often, per axis
     * @return a new array
     */
    public static NDArray tile(NDArray x, long... repeats) {
        return Dispatch.one(new Tile(list(repeats)), x);
    }

    /**
     * Repeats each entry of an axis: {@link Repeat}.
     *
     * @param x the array
     * @param count how often
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray repeat(NDArray x, long count, int axis) {
        return Dispatch.one(new Repeat(count, axis), x);
    }

    /**
     * Reverses the order along axes: {@link Flip}.
     *
     * @param x the array
     * @param axes the axes, negative ones counted from the end
     * @return a new array
     */
    public static NDArray flip(NDArray x, int... axes) {
        return Dispatch.one(
                new Flip(IntStream.of(axes)
                        .mapToObj(a -> (long) x.shape().axis(a))
                        .toList()),
                x);
    }

    private static List<Long> list(long... values) {
        return LongStream.of(values).boxed().toList();
    }

    /**
     * The lower triangles of matrices: {@link Tril}.
     *
     * @param x matrices […,m,n]
     * @param offset the last diagonal that is kept
     * @return a new array
     */
    public static NDArray tril(NDArray x, long offset) {
        return Dispatch.one(new Tril(offset), x);
    }

    /**
     * The upper triangles of matrices: {@link Triu}.
     *
     * @param x matrices […,m,n]
     * @param offset the first diagonal that is kept
     * @return a new array
     */
    public static NDArray triu(NDArray x, long offset) {
        return Dispatch.one(new Triu(offset), x);
    }

    /**
     * A diagonal of matrices: {@link Diagonal}.
     *
     * @param x matrices […,m,n]
     * @param offset which diagonal
     * @return a view
     */
    public static NDArray diagonal(NDArray x, long offset) {
        return Dispatch.one(new Diagonal(offset), x);
    }

    /**
     * Square matrices with given elements on their main diagonals, else 0: {@link DiagonalEmbed}.
     *
     * @param x diagonals […,n]
     * @return a new array […,n,n]
     */
    public static NDArray diagEmbed(NDArray x) {
        long n = x.shape().dim(-1);
        return Dispatch.one(new DiagonalEmbed(0, n, n), x);
    }

    /**
     * Rotates elements along an axis: {@link Roll}.
     *
     * @param x the array
     * @param shift by how many places towards the end
     * @param axis the axis; negative ones count from the end
     * @return a new array
     */
    public static NDArray roll(NDArray x, long shift, int axis) {
        return Dispatch.one(new Roll(shift, axis), x);
    }
}
