package io.kiln.op.vision;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.GradientContext;
import io.kiln.op.Operator;
import io.kiln.op.internal.Indices;

/**
 * The boxes of each image that remain after removing those that overlap a better one: boxes are visited in descending
 * order of score, of equals the first; each is kept unless its intersection over union with a box already kept exceeds
 * a bound. With classes, only boxes of one class suppress each other. Inputs: box[B,N,4] of (left, top, right, bottom),
 * score[B,N], and optionally class[B,N] (int32 or int64). Outputs: index[B,count], int64: the positions of the boxes
 * kept, in descending order of score, then -1. No gradient flows.
 *
 * @param overlap the bound on the intersection over union, from 0 to 1
 * @param threshold only scores above it take part; NaN never does
 * @param candidates how many of the best boxes of each image take part at most; 0 for all
 * @param count how many are returned
 */
public record NonMaximumSuppression(double overlap, double threshold, long candidates, long count) implements Operator {
    /** Checks the attributes. */
    public NonMaximumSuppression {
        if (!(overlap >= 0 && overlap <= 1) || candidates < 0 || count < 0) {
            throw new IllegalArgumentException(
                    "nonMaximumSuppression: overlap must be from 0 to 1, candidates and count at least 0, got "
                            + overlap + ", " + candidates + " and " + count);
        }
    }

    @Override
    public Spec[] infer(Spec... inputs) {
        if (inputs.length != 2 && inputs.length != 3) {
            throw new IllegalArgumentException(
                    "nonMaximumSuppression: needs box, score and optionally class, got " + inputs.length + " inputs");
        }
        Shape box = inputs[0].shape();
        boolean fits = box.rank() == 3
                && box.dim(2) == 4
                && box.without(2).accepts(inputs[1].shape())
                && (inputs.length == 2 || box.without(2).accepts(inputs[2].shape()));
        if (!fits) {
            throw new ShapeException(
                    "nonMaximumSuppression: expected box[B,N,4], score[B,N] and class[B,N], got box" + box + ", score"
                            + inputs[1].shape() + (inputs.length == 2 ? "" : " and class" + inputs[2].shape()));
        }
        if (inputs.length == 3) {
            Indices.check(name() + " (class)", inputs[2]);
        }
        return new Spec[] {new Spec(Shape.of(box.dim(0), count), DType.INT64)};
    }

    @Override
    public NDArray[] gradient(GradientContext c) {
        return new NDArray[c.inputs()];
    }
}
