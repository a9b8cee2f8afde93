package io.kiln.nn.loss;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import java.util.stream.IntStream;

/** Shapes of labels, and the mean over all axes but the batch. */
final class Labels {
    private Labels() {}

    /** The label in the prediction's shape and dtype: [N] and [N,1] fit each other, nothing broadcasts. */
    static NDArray like(String loss, NDArray prediction, NDArray label) {
        NDArray l = label;
        Shape p = prediction.shape();
        if (l.shape().rank() == p.rank() - 1 && p.dim(-1) == 1) {
            l = l.expandDims(-1);
        } else if (l.shape().rank() == p.rank() + 1 && l.shape().dim(-1) == 1) {
            l = l.squeeze(-1);
        }
        if (!fits(l.shape(), p)) {
            throw new ShapeException(
                    loss + ": labels must have the shape of the predictions" + p + ", got label" + label.shape());
        }
        return l.cast(floating(loss, prediction));
    }

    /** Classes [N,…] of predictions[N,…,K]; [N,…,1] is taken as well. */
    static NDArray classes(String loss, NDArray prediction, NDArray label) {
        Shape p = prediction.shape();
        NDArray classes = label.shape().rank() == p.rank() && label.shape().dim(-1) == 1 ? label.squeeze(-1) : label;
        if (!fits(classes.shape(), p.without(-1))) {
            throw new ShapeException(
                    loss + ": predictions" + p + " need classes" + p.without(-1) + ", got label" + label.shape());
        }
        return classes;
    }

    /** Weights [N] or [N,1] as losses [N] take them. */
    static NDArray perSample(String loss, NDArray weight, NDArray losses) {
        boolean column = weight.shape().rank() == 2 && weight.shape().dim(1) == 1;
        NDArray w = column ? weight.squeeze(1) : weight;
        if (!fits(w.shape(), losses.shape())) {
            throw new ShapeException(
                    loss + ": sample weights must have shape " + losses.shape() + ", got " + weight.shape());
        }
        return w.cast(losses.dtype());
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

    /** The mean over all axes but the first. */
    static NDArray mean(NDArray x) {
        return x.shape().rank() <= 1 ? x : x.mean(behindBatch(x));
    }

    /** The sum over all axes but the first. */
    static NDArray sum(NDArray x) {
        return x.shape().rank() <= 1 ? x : x.sum(behindBatch(x));
    }

    private static int[] behindBatch(NDArray x) {
        return IntStream.range(1, x.shape().rank()).toArray();
    }
}
