package io.kiln.kvstore;

import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.optim.Reach;
import io.kiln.optim.UpdateRule;
import io.kiln.optim.WeightAverage;

/**
 * How the owned slices of buckets are updated. With averaging, the average of a weight is one more state behind those of
 * the optimizer, and so is sharded, saved and restored with them.
 *
 * @param rule the rule
 * @param averaging how weights are averaged; null for no averages
 */
record SliceUpdate(UpdateRule rule, WeightAverage.Rule averaging) {
    /**
     * Checks the rule of averages.
     *
     * @throws IllegalArgumentException if equal ones would not take all weights that they are given
     */
    SliceUpdate {
        if (averaging instanceof WeightAverage.Equal e && (e.first() != 1 || e.interval() != 1)) {
            throw new IllegalArgumentException(
                    "gradientExchange: equal averages take the weights at each call of addToAverages: expected Equal(1, 1), got Equal(%d, %d)"
                            .formatted(e.first(), e.interval()));
        }
    }

    boolean averages() {
        return averaging != null;
    }

    boolean isLayerwise() {
        return rule.optimizer().reach() == Reach.PARAMETER;
    }

    /** Whether rows without a gradient stay as they are; the average of a weight moves in each step. */
    boolean updatesLazily() {
        return !averages() && rule.optimizer().updatesLazily();
    }

    int stateCount() {
        return rule.optimizer().stateCount() + (averages() ? 1 : 0);
    }

    /** Whether averages follow each update; equal ones take weights when they are told to. */
    boolean followsUpdates() {
        return averaging instanceof WeightAverage.Settings;
    }

    /** Rejects averages that there are not. */
    void requireAverages(String operation, boolean any) {
        if (!averages() || !any) {
            throw new KVStoreException("%s: there are no averages: %s"
                    .formatted(
                            operation,
                            averages() ? "no weights have been added" : "create the exchange with averaging"));
        }
    }

    /** Rejects averages that no weights can be added to. */
    void requireEqual(String operation) {
        if (!averages() || followsUpdates()) {
            throw new KVStoreException("%s: averages %s; create the exchange with WeightAverage.Equal"
                    .formatted(operation, averages() ? "follow the updates" : "are not kept"));
        }
    }

    /**
     * Adds the owned weights to their averages.
     *
     * @param bucket the bucket
     * @param number number of the update, or of the weights that are averaged equally, from 1
     */
    void follow(ExchangeBucket bucket, long number) {
        try (Scope scope = Scope.open()) {
            averaging.follow(number, average(bucket), bucket.ownWeights());
        }
    }

    /** Exchanges the owned weights and their averages. */
    void swap(ExchangeBucket bucket) {
        try (Scope scope = Scope.open()) {
            NDArray weights = bucket.ownWeights();
            NDArray average = average(bucket);
            NDArray kept = weights.copy();
            weights.assign(average);
            average.assign(kept);
        }
    }

    private NDArray average(ExchangeBucket bucket) {
        return bucket.states()[rule.optimizer().stateCount()];
    }
}
