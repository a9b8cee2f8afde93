package io.kiln.nn.loss;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.LateCheck;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Creation;
import io.kiln.op.math.Elementwise;
import java.util.stream.IntStream;

/** Checks shapes of labels, and computes means over all axes except the batch. */
final class Labels {
    private Labels() {}

    /** The label in the prediction's shape and dtype: [N] and [N,1] fit each other, nothing broadcasts. */
    static NDArray like(String loss, NDArray prediction, NDArray label) {
        return like(loss, prediction.shape(), label).cast(floating(loss, prediction));
    }

    /** The label in the prediction's shape. */
    static NDArray like(String loss, Shape p, NDArray label) {
        NDArray l = label;
        if (l.shape().rank() == p.rank() - 1 && p.dim(-1) == 1) {
            l = l.expandDims(-1);
        } else if (l.shape().rank() == p.rank() + 1 && l.shape().dim(-1) == 1) {
            l = l.squeeze(-1);
        }
        if (!fits(l.shape(), p)) {
            throw new ShapeException(
                    loss + ": labels must have the shape of the predictions" + p + ", got label" + label.shape());
        }
        return l;
    }

    /** Classes [N,…] for predictions[N,…,K]; [N,…,1] is accepted as well. */
    static NDArray classes(String loss, Shape p, NDArray label) {
        NDArray classes = label.shape().rank() == p.rank() && label.shape().dim(-1) == 1 ? label.squeeze(-1) : label;
        if (!fits(classes.shape(), p.without(-1))) {
            throw new ShapeException(
                    loss + ": predictions" + p + " need classes" + p.without(-1) + ", got label" + label.shape());
        }
        return classes;
    }

    /** Rejects predictions without an axis of classes. */
    static void checkScores(String loss, Shape prediction) {
        if (prediction.rank() < 2) {
            throw new ShapeException(loss + ": needs predictions[N,…,classes], got prediction" + prediction);
        }
    }

    /** Whether labels for predictions[N,…,K] are distributions instead of classes. */
    static boolean isDistribution(Shape prediction, NDArray label) {
        return label.shape().rank() == prediction.rank() && label.shape().dim(-1) != 1;
    }

    /** Weights [N] or [N,1] in the form for losses [N]. */
    static NDArray perSample(String loss, NDArray weight, NDArray losses) {
        NDArray w = weight;
        while (w.shape().rank() > 1 && w.shape().dim(-1) == 1) {
            w = w.squeeze(-1);
        }
        if (!fits(w.shape(), losses.shape())) {
            throw new ShapeException(
                    loss + ": sample weights must have shape " + losses.shape() + ", got " + weight.shape());
        }
        return w.cast(losses.dtype());
    }

    /** Whether weights are one per sample: [N], or [N,1,…]. */
    static boolean isPerSample(NDArray weight) {
        return IntStream.range(1, weight.shape().rank())
                .allMatch(i -> weight.shape().dim(i) == 1);
    }

    /** Weights of the leading axes of losses, each equal or 1, that broadcast to the losses. */
    static NDArray perElement(String loss, NDArray weight, NDArray losses) {
        Shape l = losses.shape();
        Shape w = weight.shape();
        NDArray spread = weight;
        if (w.rank() == l.rank() + 1 && w.dim(-1) == 1) {
            spread = weight.squeeze(-1);
        }
        while (spread.shape().rank() < l.rank()) {
            spread = spread.expandDims(-1);
        }
        Shape s = spread.shape();
        if (w.rank() == 0
                || s.rank() != l.rank()
                || !IntStream.range(0, l.rank())
                        .allMatch(i -> s.dim(i) == 1
                                || s.dim(i) == l.dim(i)
                                || s.dim(i) == Shape.UNKNOWN
                                || l.dim(i) == Shape.UNKNOWN)) {
            throw new ShapeException(loss + ": weights must be per sample, [N], or have the leading axes of the losses"
                    + l + ", each equal or 1; got " + w);
        }
        return spread.cast(losses.dtype());
    }

    /** Rejects weights that are all 0, if their values are available. */
    static void checkWeight(String loss, NDArray weight) {
        if (weight.traced() == null) {
            try (Scope scope = Scope.open();
                    Autograd.Mode mode = Autograd.pause()) {
                LateCheck.notZero(
                        weight.cast(DType.FLOAT32).abs().sum(),
                        weight,
                        zeros -> new IllegalArgumentException(loss + ": the weights" + zeros.shape()
                                + " of the batch are all 0, so there is no mean; leave such a batch out"));
            }
        }
    }

    /** The sum of losses divided by the sum of weights; 0 if nothing counts. */
    static NDArray quotient(NDArray sum, NDArray weight) {
        return sum.div(Elementwise.where(weight.eq(0), Creation.onesLike(weight), weight));
    }

    private static DType floating(String loss, NDArray prediction) {
        if (!prediction.dtype().isFloating()) {
            throw new IllegalArgumentException(
                    loss + ": needs floating predictions, got " + prediction.spec() + "; cast them");
        }
        return prediction.dtype();
    }

    static boolean fits(Shape a, Shape b) {
        return a.rank() == b.rank()
                && IntStream.range(0, a.rank())
                        .allMatch(i -> a.dim(i) == b.dim(i) || a.dim(i) == Shape.UNKNOWN || b.dim(i) == Shape.UNKNOWN);
    }

    /** The mean over all axes except the first. */
    static NDArray mean(NDArray x) {
        return x.shape().rank() <= 1 ? x : x.mean(behindBatch(x));
    }

    /** The sum over all axes except the first. */
    static NDArray sum(NDArray x) {
        return x.shape().rank() <= 1 ? x : x.sum(behindBatch(x));
    }

    private static int[] behindBatch(NDArray x) {
        return IntStream.range(1, x.shape().rank()).toArray();
    }
}
