package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.math.Elementwise;

/**
 * Pairwise logistic loss of lists: the mean of \(\ln(1 + e^{s_k - s_j})\) over the pairs of a list with relevances
 * \(y_j > y_k\); 0 for a list without such. Shapes: scores [N,L] or [N,L,1]; labels [N,L], relevances of at least 0, or
 * below 0 where a list has ended. C. Burges et al., ICML 2005.
 */
public record RankNet() implements Loss {
    @Override
    public Shape labelRow(Shape prediction) {
        return prediction.rank() == 2 ? prediction.without(-1) : prediction;
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        NDArray s = Lists.scores(name(), prediction);
        NDArray y = Labels.like(name(), s, label);
        NDArray wins = Lists.own(y).gt(Lists.other(y)).cast(s.dtype()).mul(Lists.other(Lists.members(y)));
        NDArray each = Elementwise.softplus(Lists.other(s).sub(Lists.own(s))).mul(wins);
        return each.sum(1, 2).div(wins.sum(1, 2).clip(1, Double.POSITIVE_INFINITY));
    }
}
