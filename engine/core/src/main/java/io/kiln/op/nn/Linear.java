package io.kiln.op.nn;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Argument;
import io.kiln.op.GradientContext;
import io.kiln.op.ParametricOperator;
import io.kiln.op.Role;
import io.kiln.op.activation.Activation;
import io.kiln.op.internal.Completion;
import io.kiln.op.linalg.Linalg;
import java.util.List;
import java.util.Map;

/**
 * Affine map over the last axis, with activation: \(y = \mathrm{act}(x W^\top + b)\). Shapes: x[…,in], W[out,in],
 * b[out] (may be left out), y[…,out]. Dtype: that of x and W, floating.
 *
 * @param activation applied to the sum
 */
public record Linear(Activation activation) implements ParametricOperator {
    /** Without activation. */
    public Linear() {
        this(Activation.NONE);
    }

    @Override
    public List<Argument> arguments() {
        return List.of(
                Argument.data("x"), Argument.parameter("weight", Role.WEIGHT), Argument.parameter("bias", Role.BIAS));
    }

    @Override
    public List<String> sizeNames() {
        return List.of("units");
    }

    @Override
    public Shape[] stated(Map<String, List<Long>> sizes) {
        long units = Completion.one(name(), sizes, "units");
        return new Shape[] {null, Shape.of(units, Shape.UNKNOWN), Shape.of(units)};
    }

    @Override
    public Shape[] complete(Shape... inputs) {
        Shape[] s = inputs.clone();
        Shape x = s[0];
        s[1] = Completion.join(s[1], Shape.of(Shape.UNKNOWN, x == null || x.rank() == 0 ? Shape.UNKNOWN : x.dim(-1)));
        if (s.length > 2) {
            s[2] = Completion.join(s[2], Completion.vector(s[1], 0));
            s[1] = Completion.join(s[1], Shape.of(Completion.vector(s[2], 0).dim(0), Shape.UNKNOWN));
        }
        return s;
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        Shape x = inputs[0].shape();
        Shape w = inputs[1].shape();
        DType t = inputs[0].dtype();
        if (x.rank() < 1 || w.rank() != 2) {
            throw new ShapeException("linear: expected x[…,in] and w[out,in], got x" + x + " and w" + w);
        }
        if (x.dim(-1) != w.dim(1) && x.dim(-1) != Shape.UNKNOWN) {
            throw new ShapeException("linear: inner sizes differ: w" + w + " needs x[…," + w.dim(1) + "], got x" + x);
        }
        if (inputs.length > 2 && !inputs[2].shape().equals(Shape.of(w.dim(0)))) {
            throw new ShapeException("linear: w" + w + " needs b[" + w.dim(0) + "], got b" + inputs[2].shape());
        }
        if (!t.isFloating() || inputs[1].dtype() != t) {
            throw new IllegalArgumentException("linear: x and w need one floating dtype, got " + t + " and "
                    + inputs[1].dtype() + "; cast one of them");
        }
        return new Spec[] {new Spec(x.with(-1, w.dim(0)), t)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        NDArray w = c.input(1);
        NDArray g = activation.gradient(c.outputGradient(0), c.output(0));
        long in = w.shape().dim(1);
        long out = w.shape().dim(0);
        NDArray rows = g.reshape(g.size() / Math.max(1, out), out);
        NDArray[] result = new NDArray[c.inputs()];
        result[0] = c.needs(0) ? rows.matmul(w).reshape(x.shape()) : null;
        result[1] = c.needs(1)
                ? Linalg.matrixTranspose(rows).matmul(x.reshape(rows.shape().dim(0), in))
                : null;
        if (result.length > 2) {
            result[2] = c.needs(2) ? rows.sum(0) : null;
        }
        return result;
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray z = inputs[0].shape().rank() == 1
                ? inputs[0]
                        .reshape(1, -1)
                        .matmul(Linalg.matrixTranspose(inputs[1]))
                        .reshape(-1)
                : inputs[0].matmul(Linalg.matrixTranspose(inputs[1]));
        return new NDArray[] {activation.apply(inputs.length > 2 ? z.add(inputs[2]) : z)};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        long y = outputs[0].shape().size();
        return Math.addExact(Math.multiplyExact(2 * inputs[1].shape().dim(1), y), activation.flops(y));
    }
}
