package io.kiln.spark.job;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.loss.LambdaRank;
import io.kiln.nn.loss.ListNet;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.RankNet;
import io.kiln.spark.feed.Batch;
import io.kiln.spark.model.NamedRecord;
import java.util.List;

/**
 * Ranking lists of items by the network's output for each item. A row of a batch is a list; the network gets the items of
 * all lists, one after another.
 *
 * @param lossText the loss, as {@link NamedRecord} writes it
 * @param places the number of first places that count in NDCG
 */
record ListGoal(String lossText, int places) implements Goal {
    /** The field of the items. */
    static final int ITEMS = 0;

    /** The field of their relevances. */
    static final int RELEVANCES = 1;

    /**
     * Checks the loss.
     *
     * @throws IllegalArgumentException if it is not one of lists
     */
    ListGoal {
        Loss l = NamedRecord.read(Loss.class, lossText);
        if (!(l instanceof LambdaRank) && !(l instanceof RankNet) && !(l instanceof ListNet)) {
            throw new IllegalArgumentException(
                    "loss: a ranker needs a loss of lists, lambdaRank, rankNet or listNet, got %s; train on single rows with NetRegressor"
                            .formatted(l.name()));
        }
    }

    private Loss loss() {
        return NamedRecord.read(Loss.class, lossText);
    }

    @Override
    public int targetCount() {
        return 1;
    }

    /** Relevances [N,L], -1 where a list has ended. */
    @Override
    public NDArray[] targets(Batch batch) {
        return new NDArray[] {batch.mask(RELEVANCES).sub(1).add(batch.field(RELEVANCES))};
    }

    @Override
    public NDArray[] zeroTargets() {
        return new NDArray[] {NDArray.zeros(Shape.of(1, 1), DType.FLOAT32)};
    }

    @Override
    public List<NDArray> each(NDArray[] outputs, NDArray... targets) {
        return List.of(loss().compute(outputs[0].reshape(targets[0].shape().dims()), targets[0]));
    }

    @Override
    public double[] counts(NDArray[] targets, int classes) {
        return null;
    }

    @Override
    public double lossUnit() {
        return 1;
    }

    @Override
    public List<Measure> measures(ValidationMetric.Asked asked, int classes) {
        followed(asked);
        return List.of(ValidationMetric.measure(asked.metric(), 0, ValidationMetric.Of.LISTS, places));
    }

    @Override
    public NDArray metricOutputs(int index, NDArray output, int rows, int classes) {
        return output.reshape(rows, output.size() / rows);
    }

    @Override
    public NDArray metricTargets(int index, Batch batch) {
        return targets(batch)[0];
    }
}
