package io.kiln.nn;

import io.kiln.init.Initializer;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Role;
import io.kiln.op.recurrent.Sequences;
import io.kiln.op.reduce.Reductions;
import java.util.List;

/**
 * The mean or the sum of the vectors of a sequence's tokens: \(y = \frac{1}{n} \sum_{t \lt n} E_{x_t}\) or without the
 * factor. Inputs: tokens[N,T] and, if the sequences are padded, their lengths[N] (integers) or a mask[N,T] (1 for
 * tokens, 0 for padding). Output: y[N,dimension]; 0 for an empty sequence. PyTorch's {@code EmbeddingBag}.
 */
public final class EmbeddingBag extends Block {
    private final Embedding table;
    private final Pooling pooling;

    /** How the vectors of a sequence are combined. */
    public enum Pooling {
        /** Their mean. */
        MEAN,
        /** Their sum. */
        SUM
    }

    /**
     * Creates a bag that takes means.
     *
     * @param count number of vectors
     * @param dimension their length
     */
    public EmbeddingBag(long count, long dimension) {
        this(count, dimension, Pooling.MEAN);
    }

    /**
     * Creates a bag.
     *
     * @param count number of vectors
     * @param dimension their length
     * @param pooling how the vectors of a sequence are combined
     */
    public EmbeddingBag(long count, long dimension, Pooling pooling) {
        table = addChild("table", new Embedding(count, dimension, Initializer.defaultFor(Role.EMBEDDING)));
        this.pooling = pooling;
    }

    @Override
    public List<String> inputNames() {
        return List.of("tokens", "tokens_length");
    }

    @Override
    public NDArray forward(NDArray x) {
        return forwardAll(x)[0];
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        NDArray tokens = inputs[0];
        if (tokens.shape().rank() != 2 || inputs.length > 2) {
            throw new ShapeException("embeddingBag: takes tokens[N,T] and perhaps lengths[N] or mask[N,T], got "
                    + inputs.length + " inputs, tokens" + tokens.shape());
        }
        NDArray vectors = table.call(tokens);
        if (inputs.length == 1) {
            return new NDArray[] {pooling == Pooling.SUM ? vectors.sum(1) : vectors.mean(1)};
        }
        NDArray which = inputs[1];
        boolean masked = which.shape().rank() == 2;
        NDArray sum = masked
                ? vectors.mul(which.cast(vectors.dtype()).expandDims(-1)).sum(1)
                : Sequences.mask(vectors, which, 0, 1).sum(1);
        if (pooling == Pooling.SUM) {
            return new NDArray[] {sum};
        }
        NDArray count = masked
                ? Reductions.sum(which.cast(vectors.dtype()), true, 1)
                : which.cast(vectors.dtype()).expandDims(-1);
        return new NDArray[] {sum.div(count.clip(1, Double.POSITIVE_INFINITY))};
    }
}
