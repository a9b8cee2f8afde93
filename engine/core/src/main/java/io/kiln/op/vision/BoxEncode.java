package io.kiln.op.vision;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.CompositeGradient;
import io.kiln.op.shape.Concat;

/**
 * Boxes relative to anchors, as detectors learn them (Girshick et al., CVPR 2014; Liu et al., SSD, ECCV 2016): with centre
 * (x, y) and size (w, h) of the box, index a for the anchor's,
 * \(t = (\frac{x - x_a}{w_a \sigma_c}, \frac{y - y_a}{h_a \sigma_c}, \frac{\ln(w/w_a)}{\sigma_s}, \frac{\ln(h/h_a)}{\sigma_s})\).
 * Inputs: box[…,4], anchor[…,4], each (left, top, right, bottom), which broadcast to t[…,4]. Dtype: the promoted one,
 * floating. Boxes and anchors without area give infinities or NaN.
 *
 * @param centre \(\sigma_c\), deviation of the centres; 0.1 in SSD
 * @param size \(\sigma_s\), deviation of the logarithms of the sizes; 0.2 in SSD
 */
public record BoxEncode(double centre, double size) implements Operator {
    /** Checks the attributes. */
    public BoxEncode {
        check("boxEncode", centre, size);
    }

    static void check(String operation, double centre, double size) {
        if (!(centre > 0 && size > 0)) {
            throw new IllegalArgumentException(
                    operation + ": deviations must be above 0, got centre " + centre + " and size " + size);
        }
    }

    static Spec[] infer(String operation, Spec... inputs) {
        Shape s = Shape.broadcast(inputs[0].shape(), inputs[1].shape(), operation);
        DType type = inputs[0].dtype().promote(inputs[1].dtype());
        boolean four = inputs[0].shape().rank() > 0
                && inputs[1].shape().rank() > 0
                && inputs[0].shape().dim(-1) == 4
                && inputs[1].shape().dim(-1) == 4;
        if (!four || !type.isFloating()) {
            throw new ShapeException(
                    operation + ": expected two floating arrays […,4], got " + inputs[0] + " and " + inputs[1]);
        }
        return new Spec[] {new Spec(s, type)};
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        return infer(name(), inputs);
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return CompositeGradient.of(this, c);
    }

    /** Centres of boxes, […,2]. */
    static NDArray centres(NDArray box) {
        return box.slice(-1, 0, 2).add(box.slice(-1, 2, 4)).mul(0.5);
    }

    /** Widths and heights of boxes, […,2]. */
    static NDArray sizes(NDArray box) {
        return box.slice(-1, 2, 4).sub(box.slice(-1, 0, 2));
    }

    @Override
    public NDArray[] compose(NDArray... inputs) {
        NDArray size0 = sizes(inputs[1]);
        NDArray move = centres(inputs[0]).sub(centres(inputs[1])).div(size0).mul(1 / centre);
        NDArray grow = sizes(inputs[0]).div(size0).log().mul(1 / size);
        return new NDArray[] {Dispatch.one(new Concat(-1), move, grow)};
    }
}
