package io.kiln.op.vision;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.CompositeGradient;
import io.kiln.op.shape.Concat;

/**
 * Boxes from a detector's outputs relative to anchors; the reverse of {@link BoxEncode}. Inputs: t[…,4], anchor[…,4] of
 * (left, top, right, bottom), which broadcast to box[…,4] of (left, top, right, bottom). Dtype: the promoted one,
 * floating.
 *
 * @param centre deviation of the centres; 0.1 in SSD
 * @param size deviation of the logarithms of the sizes; 0.2 in SSD
 */
public record BoxDecode(double centre, double size) implements Operator {
    /** Checks the attributes. */
    public BoxDecode {
        BoxEncode.check("boxDecode", centre, size);
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return BoxEncode.infer(name(), inputs);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray t = inputs[0];
        NDArray size0 = BoxEncode.sizes(inputs[1]);
        NDArray at = t.slice(-1, 0, 2).mul(centre).mul(size0).add(BoxEncode.centres(inputs[1]));
        NDArray half = t.slice(-1, 2, 4).mul(size).exp().mul(size0).mul(0.5);
        return new NDArray[] {Dispatch.one(new Concat(-1), at.sub(half), at.add(half))};
    }
}
