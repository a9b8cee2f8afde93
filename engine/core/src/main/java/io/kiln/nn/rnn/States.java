package io.kiln.nn.rnn;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.Dispatch;
import io.kiln.op.math.Comparison;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Masked;
import io.kiln.op.math.Where;
import io.kiln.op.reduce.CumulativeSum;
import io.kiln.op.shape.FlattenOp;
import io.kiln.op.shape.Movement;

/** Arrays whose batch is taken from others, since it may be unknown, and masks of lengths. */
final class States {
    private States() {}

    /** Zeros with a shape after the batch of x: x &lt; x is false everywhere, whatever x is. */
    static NDArray zeros(NDArray x, Shape shape) {
        NDArray flat = x.shape().rank() > 2 ? Dispatch.one(new FlattenOp(1), x) : x;
        NDArray column = flat.slice(1, 0, 1);
        NDArray zero = Elementwise.lt(column, column).cast(x.dtype());
        NDArray all = Movement.repeat(zero, shape.size(), 1);
        return shape.rank() == 1 ? all : all.reshape(shape.insert(0, Shape.UNKNOWN));
    }

    /** Ones with the shape of x. */
    static NDArray ones(NDArray x) {
        return Elementwise.lt(x, x).cast(x.dtype()).add(1);
    }

    /** A condition [N] made to fit [N,…]. */
    private static NDArray perRow(NDArray condition, NDArray like) {
        NDArray c = condition;
        for (int i = 1; i < like.shape().rank(); i++) {
            c = c.expandDims(-1);
        }
        return c;
    }

    /** The new array if a row continues at step t, the old one after its end. */
    static NDArray carry(NDArray lengths, int t, NDArray next, NDArray old) {
        NDArray goesOn = perRow(Elementwise.compare(lengths, Comparison.GT, t), next);
        return Dispatch.one(new Where(), goesOn, next, old);
    }

    /** Zeros after the end of each row, at step t. */
    static NDArray cut(NDArray lengths, int t, NDArray y) {
        NDArray goesOn = perRow(Elementwise.compare(lengths, Comparison.GT, t), y);
        return Dispatch.one(new Masked(false), y, goesOn);
    }

    /** Zeros after the end of each row, for a sequence [T,N,C] of any length. */
    static NDArray cut(NDArray lengths, NDArray sequence) {
        NDArray column = ones(sequence.slice(2, 0, 1));
        NDArray step = Dispatch.one(new CumulativeSum(0, true, false), column);
        NDArray goesOn = Elementwise.lt(
                step, lengths.cast(sequence.dtype()).expandDims(0).expandDims(-1));
        return Dispatch.one(new Masked(false), sequence, goesOn);
    }
}
