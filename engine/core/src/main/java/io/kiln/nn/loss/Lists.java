package io.kiln.nn.loss;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;

/** Code shared by the losses of ranked lists: scores [N,L] or [N,L,1], relevances [N,L], below 0 where a list has ended. */
final class Lists {
    private static final double OUT = -1e30;
    private static final double OUT_OF_FLOAT16 = -3e4;

    private Lists() {}

    /** What takes a score out of a softmax when it is added: finite in the dtype, as it is also multiplied by 0. */
    static double out(DType type) {
        return type == DType.FLOAT16 ? OUT_OF_FLOAT16 : OUT;
    }

    /** The scores as [N,L]. */
    static NDArray scores(String loss, NDArray prediction) {
        Shape p = prediction.shape();
        NDArray s = p.rank() == 3 && p.dim(-1) == 1 ? prediction.squeeze(-1) : prediction;
        if (s.shape().rank() != 2) {
            throw new ShapeException(loss + ": needs scores[N,L] of lists, got prediction" + p);
        }
        return s;
    }

    /** 1 for the places of a list, 0 behind its end. */
    static NDArray members(NDArray relevance) {
        return relevance.ge(0).cast(relevance.dtype());
    }

    /** For each place j along axis 1 and k along axis 2 of [N,L,L], the value at j. */
    static NDArray own(NDArray x) {
        return x.expandDims(-1);
    }

    /** For each place j along axis 1 and k along axis 2 of [N,L,L], the value at k. */
    static NDArray other(NDArray x) {
        return x.expandDims(1);
    }

    /** Discounts \(1 / \log_2(1 + r)\) of the ranks, from 1, by which values are ordered; equal ones in their own order. */
    static NDArray discounts(NDArray values, NDArray members) {
        long length = values.shape().dim(1);
        NDArray places = values.factory().arange(0, length, 1, DType.INT64);
        NDArray before = places.expandDims(0).lt(places.expandDims(-1)).cast(values.dtype());
        NDArray above = other(values).gt(own(values)).cast(values.dtype());
        NDArray tied = other(values).eq(own(values)).cast(values.dtype()).mul(before);
        NDArray rank = above.add(tied).mul(other(members)).sum(-1).add(1);
        return rank.add(1).log().reciprocal().mul(Math.log(2)).mul(members);
    }
}
