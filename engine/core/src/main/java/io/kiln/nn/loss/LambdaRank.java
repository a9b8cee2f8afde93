package io.kiln.nn.loss;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.op.math.Elementwise;

/**
 * Pairwise logistic loss of lists, each pair weighted by what exchanging its items would change in NDCG:
 * \(\sum_{y_j > y_k} |\Delta_{jk}| \ln(1 + e^{s_k - s_j})\) with \(\Delta_{jk} = (2^{y_j} - 2^{y_k})(d_j - d_k) / D\), discounts
 * \(d = 1 / \log_2(1 + rank)\) by the current scores, and D the DCG of the best order. Shapes: scores [N,L] or [N,L,1];
 * labels [N,L], relevances of at least 0, or below 0 where a list has ended. C. Burges et al., NIPS 2006; as a loss
 * X. Wang et al., CIKM 2018.
 */
public record LambdaRank() implements Loss {
    private static final double LEAST = 1e-7; // a number in float16, too

    @Override
    public Shape labelRow(Shape prediction) {
        return prediction.rank() == 2 ? prediction.without(-1) : prediction;
    }

    @Override
    public NDArray unreduced(NDArray prediction, NDArray label) {
        NDArray s = Lists.scores(name(), prediction);
        NDArray y = Labels.like(name(), s, label);
        NDArray members = Lists.members(y);
        NDArray gain = y.exp2().sub(1).mul(members);
        NDArray best = gain.mul(Lists.discounts(y, members)).sum(true, -1).clip(LEAST, Double.POSITIVE_INFINITY);
        NDArray share = gain.div(best);
        NDArray place = Lists.discounts(s, members);
        NDArray change =
                Lists.own(share).sub(Lists.other(share)).mul(Lists.own(place).sub(Lists.other(place)));
        NDArray wins = Lists.own(y).gt(Lists.other(y)).cast(s.dtype()).mul(Lists.other(members));
        return Elementwise.softplus(Lists.other(s).sub(Lists.own(s)))
                .mul(change.abs().mul(wins))
                .sum(1, 2);
    }
}
