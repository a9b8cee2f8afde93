package io.kiln.kvstore;

import io.kiln.ndarray.NDArray;
import io.kiln.op.Role;
import io.kiln.optim.Reach;
import io.kiln.optim.UpdateRule;
import io.kiln.optim.Updates;
import java.util.LinkedHashMap;
import java.util.Map;

/** An optimizer and its states for each key, or for this worker's slices of them. */
final class OptimizerStates implements AutoCloseable {
    private final UpdateRule rule;
    private final double rescale;
    private final Map<KVKey, State> states = new LinkedHashMap<>();

    /** The states of one key: flat arrays of the length of this worker's slice. */
    static final class State {
        final NDArray[] arrays;
        long updates;

        State(NDArray[] arrays) {
            this.arrays = arrays;
        }
    }

    OptimizerStates(UpdateRule rule, double rescale) {
        checkReach("setOptimizer", rule);
        this.rule = rule;
        this.rescale = rescale;
    }

    /** Rejects optimizers that need parameters in their original shape: here they are flat. */
    static void checkReach(String operation, UpdateRule rule) {
        if (rule.optimizer().reach() == Reach.SHAPE) {
            throw new KVStoreException(
                    ("%s: %s updates by rows, but the store keeps parameters flat; update with a Trainer"
                                    + " after a pushPull of the gradients, or use another optimizer")
                            .formatted(operation, rule.optimizer()));
        }
    }

    UpdateRule rule() {
        return rule;
    }

    /** Updates a flat slice in place. An empty slice only counts the update. */
    void update(KVKey key, Role role, NDArray weight, NDArray gradient) {
        State s = of(key, weight);
        s.updates++;
        if (weight.size() > 0) {
            Updates.run(rule.optimizer(), rule.step(s.updates, role, rescale), weight, gradient, s.arrays);
        }
    }

    /** The states of a key beside its flat slice, initially zero. */
    State of(KVKey key, NDArray weight) {
        return states.computeIfAbsent(key, k -> {
            NDArray[] arrays = new NDArray[rule.optimizer().stateCount()];
            for (int i = 0; i < arrays.length; i++) {
                arrays[i] =
                        weight.factory().zeros(weight.shape(), weight.dtype()).detach();
            }
            return new State(arrays);
        });
    }

    /** The states of the keys that have been updated. */
    Map<KVKey, State> all() {
        return states;
    }

    @Override
    public void close() {
        for (State s : states.values()) {
            for (NDArray a : s.arrays) {
                a.close();
            }
        }
        states.clear();
    }
}
