package io.kiln.op;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.op.index.ArgSort;
import io.kiln.op.index.Gather;
import io.kiln.op.index.GatherAlong;
import io.kiln.op.index.GatherNd;
import io.kiln.op.index.OneHot;
import io.kiln.op.index.Scatter;
import io.kiln.op.index.ScatterAlong;
import io.kiln.op.index.ScatterMode;
import io.kiln.op.index.ScatterNdUpdate;
import io.kiln.op.index.Sort;
import io.kiln.op.linalg.Cholesky;
import io.kiln.op.linalg.Determinant;
import io.kiln.op.linalg.Inverse;
import io.kiln.op.linalg.MatMul;
import io.kiln.op.linalg.Solve;
import io.kiln.op.linalg.TriangularSolve;
import io.kiln.op.shape.BroadcastTo;
import io.kiln.op.shape.DepthToSpace;
import io.kiln.op.shape.Diagonal;
import io.kiln.op.shape.ExpandDims;
import io.kiln.op.shape.FlattenOp;
import io.kiln.op.shape.Flip;
import io.kiln.op.shape.FullLike;
import io.kiln.op.shape.Pad;
import io.kiln.op.shape.PadMode;
import io.kiln.op.shape.Repeat;
import io.kiln.op.shape.Reshape;
import io.kiln.op.shape.Roll;
import io.kiln.op.shape.Slice;
import io.kiln.op.shape.SpaceToDepth;
import io.kiln.op.shape.Squeeze;
import io.kiln.op.shape.Tile;
import io.kiln.op.shape.Transpose;
import io.kiln.op.shape.Tril;
import io.kiln.op.shape.Triu;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The operators that arrays and symbols share as methods, so that a formula reads the same for both. All other
 * operators are static methods of groups such as {@link io.kiln.op.nn.Neural}, or are passed to a symbol as records.
 *
 * @param <T> array or symbol
 */
public abstract class FluentOperand<T extends Operand<T>> extends ReducedOperand<T> {
    /** For arrays and symbols. */
    protected FluentOperand() {}

    /**
     * The same elements in another shape.
     *
     * @param shape the new shape; one size may be -1
     * @return the elements; arrays give a view where strides allow it
     */
    public T reshape(Shape shape) {
        return apply(new Reshape(shape));
    }

    /**
     * The same elements in another shape.
     *
     * @param dims the new sizes; one may be -1
     * @return the elements; arrays give a view where strides allow it
     */
    public T reshape(long... dims) {
        return reshape(Shape.of(dims));
    }

    /**
     * Permutes the axes.
     *
     * @param axes which axis comes first, second, …; none to reverse those of an array, a symbol needs all of them,
     *     counted from the front
     * @return the elements; arrays give a view
     */
    public T transpose(int... axes) {
        return apply(new Transpose(inOrder(axes)));
    }

    /**
     * Repeats along axes of size 1 and along new leading axes.
     *
     * @param shape the new shape
     * @return the elements; arrays give a view
     */
    public T broadcastTo(Shape shape) {
        return apply(new BroadcastTo(shape));
    }

    /**
     * Part of one axis, as in Python: negative bounds count from the end.
     *
     * @param axis the axis; negative ones count from the end, which a symbol does not allow
     * @param start first index
     * @param stop bound, not included; Long.MAX_VALUE for the end
     * @return the part; arrays give a view
     */
    public T slice(int axis, long start, long stop) {
        return slice(axis, start, stop, 1);
    }

    /**
     * Part of one axis, every step-th entry.
     *
     * @param axis the axis; negative ones count from the end, which a symbol does not allow
     * @param start first index
     * @param stop bound, not included; Long.MAX_VALUE for the end
     * @param step distance, not 0; a negative one gives a copy in reverse order
     * @return the part; arrays give a view
     */
    public T slice(int axis, long start, long stop, long step) {
        int a = axis(axis);
        if (a < 0) {
            throw new IllegalArgumentException(
                    "slice: the rank of a symbol is not known yet; count the axis from the front, got " + axis);
        }
        List<Long> starts = new ArrayList<>(Collections.nCopies(a, 0L));
        List<Long> stops = new ArrayList<>(Collections.nCopies(a, Long.MAX_VALUE));
        List<Long> steps = new ArrayList<>(Collections.nCopies(a, 1L));
        starts.add(start);
        stops.add(stop);
        steps.add(step);
        return apply(new Slice(List.copyOf(starts), List.copyOf(stops), List.copyOf(steps)));
    }

    /**
     * Inserts an axis of size 1.
     *
     * @param axis where it stands in the result; negative ones count from its end
     * @return the elements; arrays give a view
     */
    public T expandDims(int axis) {
        return apply(new ExpandDims(axis));
    }

    /**
     * Removes axes of size 1.
     *
     * @param axes the axes, negative ones counted from the end; none for all of size 1
     * @return the elements; arrays give a view
     */
    public T squeeze(int... axes) {
        return apply(new Squeeze(inOrder(axes)));
    }

    /**
     * Merges an axis and all following axes.
     *
     * @param startAxis the first axis to join
     * @return the elements; arrays give a view where strides allow it
     */
    public T flatten(int startAxis) {
        return apply(new FlattenOp(startAxis));
    }

    /**
     * Adds a border of one number.
     *
     * @param before border before the elements, per axis
     * @param after border after the elements, per axis
     * @param value the number
     * @return the larger value
     */
    public T pad(long[] before, long[] after, double value) {
        return apply(new Pad(longs(before), longs(after), PadMode.CONSTANT, value));
    }

    /**
     * Adds a border made from the elements at the edge.
     *
     * @param before border before the elements, per axis
     * @param after border after the elements, per axis
     * @param mode {@link PadMode#EDGE} or {@link PadMode#REFLECT}
     * @return the larger value
     */
    public T pad(long[] before, long[] after, PadMode mode) {
        return apply(new Pad(longs(before), longs(after), mode, 0));
    }

    /**
     * Repeats the whole along its axes.
     *
     * @param repeats how often, per axis
     * @return the larger value
     */
    public T tile(long... repeats) {
        return apply(new Tile(longs(repeats)));
    }

    /**
     * Repeats each entry of an axis.
     *
     * @param count how often
     * @param axis the axis; negative ones count from the end
     * @return the larger value
     */
    public T repeat(long count, int axis) {
        return apply(new Repeat(count, axis));
    }

    /**
     * Reverses the order along axes.
     *
     * @param axes the axes, negative ones counted from the end
     * @return the elements in that order
     */
    public T flip(int... axes) {
        return apply(new Flip(inOrder(axes)));
    }

    /**
     * Rotates elements along an axis.
     *
     * @param shift by how many places towards the end
     * @param axis the axis; negative ones count from the end
     * @return the elements in that order
     */
    public T roll(long shift, int axis) {
        return apply(new Roll(shift, axis));
    }

    /**
     * The lower triangles of matrices […,m,n], 0 elsewhere.
     *
     * @param offset the last diagonal to keep; 0 is the main one
     * @return matrices of the same shape
     */
    public T tril(long offset) {
        return apply(new Tril(offset));
    }

    /**
     * The upper triangles of matrices […,m,n], 0 elsewhere.
     *
     * @param offset the first diagonal to keep; 0 is the main one
     * @return matrices of the same shape
     */
    public T triu(long offset) {
        return apply(new Triu(offset));
    }

    /**
     * A diagonal of matrices […,m,n].
     *
     * @param offset which one; 0 is the main one
     * @return the diagonals; arrays give a view
     */
    public T diagonal(long offset) {
        return apply(new Diagonal(offset));
    }

    /**
     * Channels moved into blocks of pixels, as in ONNX (mode DCR).
     *
     * @param block height and width of a block
     * @return larger images of fewer channels
     */
    public T depthToSpace(long block) {
        return apply(new DepthToSpace(block));
    }

    /**
     * Blocks of pixels moved into channels: the inverse of {@link #depthToSpace}.
     *
     * @param block height and width of a block
     * @return smaller images of more channels
     */
    public T spaceToDepth(long block) {
        return apply(new SpaceToDepth(block));
    }

    /**
     * The elements in ascending order along an axis.
     *
     * @param axis the axis; negative ones count from the end
     * @return the elements in that order
     */
    public T sort(int axis) {
        return sort(axis, false);
    }

    /**
     * The elements in order along an axis.
     *
     * @param axis the axis; negative ones count from the end
     * @param descending whether the largest comes first
     * @return the elements in that order
     */
    public T sort(int axis, boolean descending) {
        return apply(new Sort(axis, descending));
    }

    /**
     * The indices that sort an axis in ascending order.
     *
     * @param axis the axis; negative ones count from the end
     * @return indices of int64
     */
    public T argSort(int axis) {
        return argSort(axis, false);
    }

    /**
     * The indices that sort an axis.
     *
     * @param axis the axis; negative ones count from the end
     * @param descending whether the largest comes first
     * @return indices of int64
     */
    public T argSort(int axis, boolean descending) {
        return apply(new ArgSort(axis, descending));
    }

    /**
     * One-hot vectors of float32 along a new last axis, one for each index in this.
     *
     * @param depth length of the vectors
     * @return the vectors
     */
    public T oneHot(long depth) {
        return apply(new OneHot(depth, DType.FLOAT32));
    }

    /**
     * Takes entries at given indices of an axis, as in TensorFlow and ONNX: NumPy and MXNet call this take.
     *
     * @param indices int32 or int64 indices; negative ones count from the end
     * @param axis the axis; negative ones count from the end
     * @return the entries, in place of the axis
     */
    public T gather(T indices, int axis) {
        return apply(new Gather(axis, true), indices);
    }

    /**
     * Entries along an axis, each row by its own indices, as NumPy's take_along_axis and PyTorch's gather.
     *
     * @param indices int32 or int64 indices; negative ones count from the end
     * @param axis the axis; negative ones count from the end
     * @return the entries, of the shape of the indices
     */
    public T gatherAlong(T indices, int axis) {
        return apply(new GatherAlong(axis), indices);
    }

    /**
     * Takes the entries given by rows of indices.
     *
     * @param indices int32 or int64 indices […,m]; negative ones count from the end
     * @return the entries
     */
    public T gatherNd(T indices) {
        return apply(new GatherNd(), indices);
    }

    /**
     * Writes, adds, multiplies or compares entries at given indices of an axis.
     *
     * @param indices int32 or int64 indices; negative ones count from the end
     * @param updates the new entries
     * @param axis the axis; negative ones count from the end
     * @param mode how updates are combined with entries
     * @return this with the entries changed
     */
    public T scatter(T indices, T updates, int axis, ScatterMode mode) {
        return apply(new Scatter(axis, mode), indices, updates);
    }

    /**
     * Writes, adds, multiplies or compares elements along an axis, each row by its own indices.
     *
     * @param indices int32 or int64 indices; negative ones count from the end
     * @param updates the new elements
     * @param axis the axis; negative ones count from the end
     * @param mode how updates are combined with elements
     * @return this with the elements changed
     */
    public T scatterAlong(T indices, T updates, int axis, ScatterMode mode) {
        return apply(new ScatterAlong(axis, mode), indices, updates);
    }

    /**
     * Writes, adds, multiplies or compares entries at positions given by rows of indices.
     *
     * @param indices int32 or int64 indices […,m]; negative ones count from the end
     * @param updates the new entries
     * @param mode how updates are combined with entries
     * @return this with the entries changed
     */
    public T scatterNdUpdate(T indices, T updates, ScatterMode mode) {
        return apply(new ScatterNdUpdate(mode), indices, updates);
    }

    /** {@return zeros in the shape and dtype of this, for arrays on its device} */
    public T zerosLike() {
        return fullLike(0);
    }

    /** {@return ones in the shape and dtype of this, for arrays on its device} */
    public T onesLike() {
        return fullLike(1);
    }

    /**
     * A constant in the shape and dtype of this, for arrays on its device.
     *
     * @param value the element
     * @return the elements
     */
    public T fullLike(double value) {
        return apply(new FullLike(value));
    }

    /**
     * The matrix product over the last two axes; the leading axes broadcast. An array may also be a vector, as in
     * NumPy.
     *
     * @param other the right operand
     * @return the product
     */
    public T matmul(T other) {
        return apply(new MatMul(), other);
    }

    /** {@return the inverses of matrices […,n,n]} */
    public T inverse() {
        return apply(new Inverse());
    }

    /** {@return the determinants of matrices […,n,n]} */
    public T det() {
        return apply(new Determinant());
    }

    /** {@return the lower triangular factors of positive definite matrices […,n,n]} */
    public T cholesky() {
        return apply(new Cholesky());
    }

    /**
     * Solves a x = b, where a is this: matrices […,n,n].
     *
     * @param b right sides […,n,k]
     * @return x
     */
    public T solve(T b) {
        return apply(new Solve(), b);
    }

    /**
     * Solves a x = b, where a is this: triangular matrices […,n,n].
     *
     * @param b right sides […,n,k]
     * @param lower whether the lower triangle of a counts
     * @return x
     */
    public T triangularSolve(T b, boolean lower) {
        return apply(new TriangularSolve(lower, false), b);
    }

    private List<Long> inOrder(int... axes) {
        return IntStream.of(axes).mapToObj(a -> (long) axis(a)).toList();
    }

    private static List<Long> longs(long... values) {
        return LongStream.of(values).boxed().toList();
    }
}
