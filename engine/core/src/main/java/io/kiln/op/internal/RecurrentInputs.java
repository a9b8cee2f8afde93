package io.kiln.op.internal;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.linalg.Linalg;
import io.kiln.op.math.Comparison;
import io.kiln.op.math.Elementwise;
import io.kiln.op.math.Where;
import io.kiln.op.shape.Movement;
import java.util.ArrayList;
import java.util.List;

/**
 * The inputs of a recurrent operator, in order: x[T,N,I], input weights [G H,I], recurrent weights [G H,R], input bias [G H],
 * recurrent bias [G H], then what the operator has of: projection [R,H], first hidden state [N,R], first cell state [N,H],
 * lengths [N]. G is the number of gates, H the hidden size, R the size of what goes from step to step: H without projection.
 *
 * @param gates G
 * @param projected whether there is a projection
 * @param states how many first states there are: 0, 1 or 2
 * @param lengths whether there are lengths
 */
public record RecurrentInputs(long gates, boolean projected, int states, boolean lengths) {
    /** Place of the sequence. */
    public static final int X = 0;
    /** Place of the input weights. */
    public static final int WI = 1;
    /** Place of the recurrent weights. */
    public static final int WH = 2;
    /** Place of the input bias. */
    public static final int BI = 3;
    /** Place of the recurrent bias. */
    public static final int BH = 4;

    /** Place of the projection, where there is one. */
    public static final int PROJECTION = 5;

    private static final int FIXED = 5;

    /** {@return the number of inputs} */
    public int count() {
        return FIXED + (projected ? 1 : 0) + states + (lengths ? 1 : 0);
    }

    /** {@return how many of them a gradient flows to: all but the lengths, which come last} */
    public int varied() {
        return lengths ? count() - 1 : count();
    }

    /**
     * The projection.
     *
     * @param inputs the inputs
     * @return the array, or null
     */
    public NDArray projection(NDArray... inputs) {
        return projected ? inputs[PROJECTION] : null;
    }

    /**
     * A first state.
     *
     * @param which 0 for the hidden state, 1 for the cell state
     * @param inputs the inputs
     * @return the array, or null for zeros
     */
    public NDArray state(int which, NDArray... inputs) {
        return which < states ? inputs[statePlace() + which] : null;
    }

    /** {@return the place of the first state} */
    public int statePlace() {
        return projected ? FIXED + 1 : FIXED;
    }

    /**
     * The lengths.
     *
     * @param inputs the inputs
     * @return the array, or null
     */
    public NDArray lengths(NDArray... inputs) {
        return lengths ? inputs[count() - 1] : null;
    }

    /** H, from the input weights. */
    public long hidden(Shape inputWeights) {
        return inputWeights.dim(0) / gates;
    }

    /** Floating-point operations of a layer's products, beside which those of its gates are few. */
    public long flops(Spec... inputs) {
        Shape x = inputs[X].shape();
        Shape wi = inputs[WI].shape();
        Shape wh = inputs[WH].shape();
        long weights = Math.addExact(wi.size(), wh.size());
        if (projected) {
            weights = Math.addExact(weights, hidden(wi) * wh.dim(1));
        }
        return Math.multiplyExact(2 * x.dim(0) * x.dim(1), weights);
    }

    /** Checks all inputs and returns the spec of the states of all steps [T,N,R]. */
    public Spec check(String operator, Spec... inputs) {
        if (inputs.length != count()) {
            throw new IllegalArgumentException(
                    operator + ": its attributes ask for " + count() + " inputs, got " + inputs.length);
        }
        Shape x = inputs[X].shape();
        Shape wi = inputs[WI].shape();
        Shape wh = inputs[WH].shape();
        DType t = inputs[X].dtype();
        if (x.rank() != 3 || wi.rank() != 2 || wh.rank() != 2 || !t.isFloating()) {
            throw new ShapeException(operator + ": expected floating x[T,N,I], wi[" + gates + "H,I], wh[" + gates
                    + "H,R], got x" + inputs[X] + ", wi" + wi + ", wh" + wh);
        }
        long rows = wi.dim(0);
        long n = x.dim(1);
        long r = wh.dim(1);
        if (rows % gates != 0 || rows == 0) {
            throw new ShapeException(
                    operator + ": wi" + wi + " must have " + gates + " gates of equal size along its first axis");
        }
        if (x.dim(2) != wi.dim(1)) {
            throw new ShapeException(
                    operator + ": inner sizes differ: wi" + wi + " needs x[T,N," + wi.dim(1) + "], got x" + x);
        }
        long h = rows / gates;
        List<Shape> needed =
                new ArrayList<>(List.of(Shape.of(rows, projected ? r : h), Shape.of(rows), Shape.of(rows)));
        if (projected) {
            needed.add(Shape.of(r, h));
        }
        for (int i = 0; i < states; i++) {
            needed.add(Shape.of(n, i == 0 ? r : h));
        }
        if (lengths) {
            needed.add(Shape.of(n));
        }
        for (int i = 0; i < needed.size(); i++) {
            Spec got = inputs[WH + i];
            if (!got.shape().accepts(needed.get(i)) && !needed.get(i).accepts(got.shape())) {
                throw new ShapeException(operator + ": x" + x + " and wi" + wi + " need input " + (WH + i)
                        + " of shape " + needed.get(i) + ", got " + got.shape());
            }
            if (WH + i < varied() && got.dtype() != t) {
                throw new IllegalArgumentException(
                        operator + ": x is " + t + ", input " + (WH + i) + " is " + got.dtype() + "; cast one of them");
            }
        }
        return new Spec(Shape.of(x.dim(0), n, r), t);
    }

    /** The steps in the order in which they are taken. */
    public static int[] order(long steps, boolean reverse) {
        int[] order = new int[Math.toIntExact(steps)];
        for (int i = 0; i < order.length; i++) {
            order[i] = reverse ? order.length - 1 - i : i;
        }
        return order;
    }

    /** Step t of a sequence [T,N,…]. */
    public static NDArray at(NDArray sequence, int t) {
        return sequence.slice(0, t, t + 1).squeeze(0);
    }

    /** Gate g of [N,G H]. */
    public static NDArray gate(NDArray all, int g, long hidden) {
        return all.slice(1, g * hidden, (g + 1) * hidden);
    }

    /** x Wᵀ + b for every step, [T,N,G H]. */
    public static NDArray project(NDArray x, NDArray weight, NDArray bias) {
        return x.matmul(Linalg.matrixTranspose(weight)).add(bias);
    }

    /** The new state where the sequence still goes on, the old one after its end. */
    public static NDArray carry(NDArray lengths, int t, NDArray next, NDArray old) {
        if (lengths == null) {
            return next;
        }
        NDArray goesOn = Elementwise.compare(lengths, Comparison.GT, t).expandDims(1);
        return Dispatch.one(new Where(), goesOn, next, old);
    }

    /** The first state, zeros if it is not given. */
    public NDArray first(int which, Shape shape, NDArray... inputs) {
        NDArray given = state(which, inputs);
        return given != null ? given : inputs[X].factory().zeros(shape, inputs[X].dtype());
    }

    /** Steps in their own order again, as one sequence. */
    public static NDArray stack(NDArray[] steps, NDArray like, long size) {
        return steps.length == 0
                ? like.factory().zeros(Shape.of(0, like.shape().dim(1), size), like.dtype())
                : Movement.stack(0, steps);
    }
}
