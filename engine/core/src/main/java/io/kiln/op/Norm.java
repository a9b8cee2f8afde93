package io.kiln.op;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import java.util.List;

/**
 * Norm over axes: \(y = (\sum |x|^p)^{1/p}\). Dtype: as x; float32 for integers. The gradient at 0 is 0.
 *
 * @param p 1 or 2
 * @param axes the axes to reduce, non-negative, ascending; none for all
 * @param keepDims whether the axes stay, with size 1
 */
public record Norm(int p, List<Long> axes, boolean keepDims) implements Operator {
    /** Checks p. */
    public Norm {
        if (p != 1 && p != 2) {
            throw new IllegalArgumentException("norm: p must be 1 or 2, got " + p);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return new Spec[] {
            new Spec(ReductionShape.of(inputs[0].shape(), axes, keepDims), ReductionShape.floating(inputs[0].dtype()))
        };
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        DType type = ReductionShape.floating(inputs[0].dtype());
        NDArray x = inputs[0].cast(type.promote(DType.FLOAT32));
        NDArray sum = Dispatch.one(new Sum(axes, keepDims), p == 1 ? x.abs() : x.square());
        return new NDArray[] {(p == 1 ? sum : sum.sqrt()).cast(type)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        NDArray x = c.input(0);
        NDArray dy = ReductionShape.kept(c.outputGradient(0), x.shape(), axes);
        if (p == 1) {
            return new NDArray[] {dy.mul(Dispatch.one(new Sign(StraightThrough.NONE), x))};
        }
        NDArray y = ReductionShape.kept(c.output(0), x.shape(), axes);
        return new NDArray[] {Dispatch.one(new Masked(false), x.mul(dy).div(y), y.ne(0))};
    }

    @Override
    public long flops(Spec[] inputs, Spec[] outputs) {
        // Square and sum.
        return Math.multiplyExact(2, inputs[0].shape().size());
    }
}
