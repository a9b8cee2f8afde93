package io.kiln.kvstore;

import io.kiln.compile.internal.CapturedWork;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.op.Role;
import io.kiln.optim.Step;
import io.kiln.optim.UpdateNumbers;
import io.kiln.optim.Updates;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The optimizer's updates of all buckets. A device that captures work is given them in one call from the third step on,
 * as long as gradients stay in the same arrays; elsewhere each bucket can be passed on while the next is updated.
 */
final class BucketUpdates implements AutoCloseable {
    private static final NDArray[] NOTHING = {};

    private final SliceUpdate update;
    private final List<ExchangeBucket> buckets;
    private final Map<Kind, UpdateNumbers> numbers = new HashMap<>();
    private final CapturedWork captured = new CapturedWork("updates of a gradient exchange");

    /** Slots that are updated with the same numbers. */
    private record Kind(boolean decayed, double rateFactor) {}

    BucketUpdates(SliceUpdate update, List<ExchangeBucket> buckets) {
        this.update = update;
        this.buckets = buckets;
        for (ExchangeBucket b : buckets) {
            b.layout()
                    .slots()
                    .forEach(s -> numbers.computeIfAbsent(
                            new Kind(s.decayed(), s.rateFactor()),
                            k -> new UpdateNumbers(update.rule().optimizer())));
        }
    }

    /**
     * Updates the owned slices.
     *
     * @param number number of the update, from 1
     * @param rescale factor on the gradients
     * @param updated receives each bucket once its update is given to the device
     */
    void run(long number, double rescale, Consumer<ExchangeBucket> updated) {
        numbers.forEach((kind, n) -> {
            Step step = update.rule().step(number, kind.decayed() ? Role.WEIGHT : Role.BIAS, rescale);
            n.set(step.withLearningRate(step.learningRate() * kind.rateFactor()));
        });
        if (buckets.isEmpty()
                || !buckets.get(0).weights().backend().traits().captures()
                || !UpdateNumbers.suffice(update.rule().optimizer())) {
            for (ExchangeBucket b : buckets) {
                update(b);
                finish(b, number, updated);
            }
            return;
        }
        List<NDArray> arrays = new ArrayList<>();
        buckets.forEach(b -> arrays.addAll(b.updateArrays()));
        captured.run(
                none -> {
                    buckets.forEach(this::update);
                    return NOTHING;
                },
                arrays.toArray(NOTHING));
        buckets.forEach(b -> finish(b, number, updated));
    }

    private void update(ExchangeBucket b) {
        int own = update.rule().optimizer().stateCount();
        try (Scope scope = Scope.open()) {
            for (ExchangeBucket.Part p : b.parts(update.isLayerwise())) {
                Updates.run(
                        numbers.get(new Kind(p.decayed(), p.rateFactor())),
                        p.weight(),
                        p.gradient(),
                        Arrays.copyOf(p.states(), own));
            }
        }
    }

    /** Moving averages are outside of what is captured: their decay changes from step to step. */
    private void finish(ExchangeBucket b, long number, Consumer<ExchangeBucket> updated) {
        if (update.followsUpdates()) {
            update.follow(b, number);
        }
        updated.accept(b);
    }

    @Override
    public void close() {
        captured.close();
    }
}
