package io.kiln.kvstore;

import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.op.Role;
import io.kiln.optim.UpdateRule;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Arrays under keys, shared by workers: they push gradients, which are summed and applied, and pull weights. The contract is
 * that of MXNet's KVStore (its {@code include/mxnet/kvstore.h} and {@code python/mxnet/kvstore}), with types for its strings
 * and errors for its silences.
 *
 * <ul>
 * <li>{@link #init} makes a key once; with several workers rank 0's value counts, and all must call.
 * <li>{@link #push} sums what it is given, and over the workers of a distributed store; then the updater or optimizer
 *     changes the stored array, once; without either the sum replaces it.
 * <li>{@link #pull} copies the stored array as the last push left it.
 * <li>Keys are all numbers or all names.
 * </ul>
 *
 * <p>In a distributed store init, push, pushPull, broadcast and barrier are collective: every worker makes the same calls in
 * the same order. Where they differ, all fail with a message that says so.
 *
 * <p>Concurrency: one thread at a time. Arrays given to a store stay the caller's; the store's are freed by {@link #close}.
 */
public abstract class KVStore implements AutoCloseable {
    /** What a type of store may or may not do. */
    public enum Capability {
        /** Runs an optimizer itself. */
        OPTIMIZER,
        /** Writes and reads the optimizer's states. */
        OPTIMIZER_STATES,
        /** Pulls single rows. */
        ROW_SPARSE_PULL,
        /** Sends gradients compressed. */
        GRADIENT_COMPRESSION
    }

    private final KVStoreType type;
    private final Map<KVKey, NDArray> arrays = new LinkedHashMap<>();
    private final Map<KVKey, Role> roles = new LinkedHashMap<>();
    private Updater updater;
    private OptimizerStates optimizer;

    KVStore(KVStoreType type) {
        this.type = type;
    }

    /**
     * A store of this process alone.
     *
     * @return an empty LOCAL store
     */
    public static KVStore local() {
        return new LocalStore();
    }

    /**
     * A store of a given type.
     *
     * @param type LOCAL or DIST_SYNC
     * @param transport the group of workers, which stays the caller's to close; not used by LOCAL
     * @return an empty store
     * @throws KVStoreException when this version has no such type
     */
    public static KVStore create(KVStoreType type, Transport transport) {
        return switch (type) {
            case LOCAL -> new LocalStore();
            case DIST_SYNC -> {
                if (transport == null) {
                    throw new KVStoreException("create: DIST_SYNC needs the transport of a group of workers, got null;"
                            + " inside a Spark job join one with SparkTransport.join");
                }
                yield new DistSyncStore(transport);
            }
            case DEVICE -> throw absent(type, "LOCAL, which sums on the CPU");
            case DIST_DEVICE_SYNC, DIST_ASYNC -> throw absent(type, "DIST_SYNC");
        };
    }

    private static KVStoreException absent(KVStoreType type, String remedy) {
        return new KVStoreException("create: this version has no %s store; use %s".formatted(type, remedy));
    }

    /**
     * The type.
     *
     * @return what kind of store this is
     */
    public final KVStoreType type() {
        return type;
    }

    /**
     * This worker's rank.
     *
     * @return 0 ≤ rank &lt; numWorkers
     */
    public abstract int rank();

    /**
     * The number of workers that share the store.
     *
     * @return 1 for LOCAL
     */
    public abstract int numWorkers();

    /**
     * Whether this store can do something that not all can.
     *
     * @param capability what
     * @return true if so
     */
    public boolean isCapable(Capability capability) {
        return capability == Capability.OPTIMIZER || capability == Capability.OPTIMIZER_STATES;
    }

    // ---- keys

    /**
     * Makes a key.
     *
     * @param key a new number
     * @param value its first value, copied; in a distributed store that of rank 0 counts
     */
    public final void init(int key, NDArray value) {
        init(KVKey.of(key), value, Role.WEIGHT);
    }

    /**
     * Makes a key.
     *
     * @param key a new name
     * @param value its first value, copied; in a distributed store that of rank 0 counts
     */
    public final void init(String key, NDArray value) {
        init(KVKey.of(key), value, Role.WEIGHT);
    }

    /**
     * Makes a key for a parameter of a given role: an optimizer decays weights, not biases.
     *
     * @param key a new key
     * @param value its first value, copied; in a distributed store that of rank 0 counts
     * @param role what the parameter is for
     */
    public final void init(KVKey key, NDArray value, Role role) {
        KVKey some = arrays.isEmpty() ? key : arrays.keySet().iterator().next();
        if (some.isNumber() != key.isNumber()) {
            throw new KVStoreException("init: this store's keys are %s, as %s, got %s"
                    .formatted(some.isNumber() ? "numbers" : "names", some, key));
        }
        if (arrays.containsKey(key)) {
            throw new KVStoreException("init: key %s is in the store already, with %s; push to change it"
                    .formatted(key, arrays.get(key).spec()));
        }
        NDArray copy = value.newArray(value.spec()).detach();
        boolean made = false;
        try {
            copy.assign(value);
            share(key, copy);
            arrays.put(key, copy);
            made = true;
        } finally {
            if (!made) {
                copy.close();
            }
        }
        roles.put(key, role);
    }

    /**
     * Sums values, over the workers too, and applies the sum to the stored array.
     *
     * @param key a key of the store
     * @param values one or more arrays of the stored one's shape and dtype
     */
    public final void push(int key, NDArray... values) {
        push(KVKey.of(key), List.of(values));
    }

    /**
     * Sums values, over the workers too, and applies the sum to the stored array.
     *
     * @param key a key of the store
     * @param values one or more arrays of the stored one's shape and dtype
     */
    public final void push(String key, NDArray... values) {
        push(KVKey.of(key), List.of(values));
    }

    /**
     * Sums values, over the workers too, and applies the sum to the stored array.
     *
     * @param key a key of the store
     * @param values one or more arrays of the stored one's shape and dtype, summed in this order
     */
    public final void push(KVKey key, List<NDArray> values) {
        NDArray stored = stored("push", key);
        check("push", key, stored, values);
        try (Scope scope = Scope.open()) {
            NDArray sum = stored.newArray(stored.spec());
            sum.assign(values.get(0));
            for (NDArray v : values.subList(1, values.size())) {
                sum.assign(sum.add(v));
            }
            apply(key, sum, stored);
        }
    }

    /**
     * Copies a stored array.
     *
     * @param key a key of the store
     * @param outs where to; arrays of the stored one's shape and dtype
     */
    public final void pull(int key, NDArray... outs) {
        pull(KVKey.of(key), List.of(outs));
    }

    /**
     * Copies a stored array.
     *
     * @param key a key of the store
     * @param outs where to; arrays of the stored one's shape and dtype
     */
    public final void pull(String key, NDArray... outs) {
        pull(KVKey.of(key), List.of(outs));
    }

    /**
     * Copies a stored array.
     *
     * @param key a key of the store
     * @param outs where to; arrays of the stored one's shape and dtype
     */
    public final void pull(KVKey key, List<NDArray> outs) {
        NDArray stored = stored("pull", key);
        check("pull", key, stored, outs);
        outs.forEach(out -> out.assign(stored));
    }

    /**
     * A push, then a pull.
     *
     * @param key a key of the store
     * @param values what to push
     * @param outs where the result goes; when empty, into the values
     */
    public final void pushPull(KVKey key, List<NDArray> values, List<NDArray> outs) {
        push(key, values);
        pull(key, outs.isEmpty() ? values : outs);
    }

    /**
     * A push, then a pull into the same array.
     *
     * @param key a key of the store
     * @param value what to push, overwritten by the result
     */
    public final void pushPull(int key, NDArray value) {
        pushPull(KVKey.of(key), List.of(value), List.of());
    }

    /**
     * A push, then a pull into the same array.
     *
     * @param key a key of the store
     * @param value what to push, overwritten by the result
     */
    public final void pushPull(String key, NDArray value) {
        pushPull(KVKey.of(key), List.of(value), List.of());
    }

    /**
     * An init, then a pull: every worker gets rank 0's value.
     *
     * @param key a new key
     * @param value its first value
     * @param outs where the result goes
     */
    public final void broadcast(KVKey key, NDArray value, List<NDArray> outs) {
        init(key, value, Role.WEIGHT);
        pull(key, outs);
    }

    /**
     * An init, then a pull: every worker gets rank 0's value.
     *
     * @param key a new key
     * @param value its first value
     * @param outs where the result goes
     */
    public final void broadcast(int key, NDArray value, NDArray... outs) {
        broadcast(KVKey.of(key), value, List.of(outs));
    }

    /**
     * An init, then a pull: every worker gets rank 0's value.
     *
     * @param key a new key
     * @param value its first value
     * @param outs where the result goes
     */
    public final void broadcast(String key, NDArray value, NDArray... outs) {
        broadcast(KVKey.of(key), value, List.of(outs));
    }

    /**
     * Would copy single rows of a stored array.
     *
     * @param key a key of the store
     * @param out where to
     * @param rows which rows
     * @throws KVStoreException always: this version's stores hold dense arrays
     */
    public final void rowSparsePull(KVKey key, NDArray out, NDArray rows) {
        throw new KVStoreException(
                "rowSparsePull: a %s store holds dense arrays; pull %s whole and gather its rows".formatted(type, key));
    }

    // ---- updates

    /**
     * Gives the store an optimizer, with fresh states. All keys count their updates from 1.
     *
     * @param rule optimizer, schedule and weight decay; clipping by norm needs all gradients at once and is refused
     * @param rescale factor on each sum, such as 1 / (batch · workers)
     */
    public final void setOptimizer(UpdateRule rule, double rescale) {
        if (Double.isFinite(rule.clipNorm())) {
            throw new KVStoreException(
                    ("setOptimizer: clipNorm must be infinite, got %s: a store sees one key at a time;"
                                    + " clip before the push, or train with GradientExchange")
                            .formatted(rule.clipNorm()));
        }
        if (optimizer != null) {
            optimizer.close();
        }
        updater = null;
        optimizer = new OptimizerStates(rule, rescale);
    }

    /**
     * Gives the store an optimizer that takes sums as they are.
     *
     * @param rule optimizer, schedule and weight decay
     */
    public final void setOptimizer(UpdateRule rule) {
        setOptimizer(rule, 1);
    }

    /**
     * Gives the store a function to apply sums with, in place of an optimizer.
     *
     * @param update the function; null to overwrite again
     */
    public final void setUpdater(Updater update) {
        if (optimizer != null) {
            optimizer.close();
            optimizer = null;
        }
        updater = update;
    }

    /**
     * Would compress what workers send.
     *
     * @param kind such as "2bit"
     * @param threshold its threshold
     * @throws KVStoreException always in this version
     */
    public final void setGradientCompression(String kind, double threshold) {
        throw new KVStoreException(
                "setGradientCompression: a %s store of this version sends gradients whole, got %s(%s);"
                                .formatted(type, kind, threshold)
                        + " leave the call out");
    }

    /**
     * Writes the optimizer's states to a file. In a distributed store all workers call, and rank 0 writes.
     *
     * @param file where to
     * @throws IOException when it cannot be written
     */
    public final void saveOptimizerStates(Path file) throws IOException {
        OptimizerStates o = optimizer("saveOptimizerStates");
        OptimizerStateFile.Content whole = gatherStates(o, arrays);
        if (rank() == 0) {
            OptimizerStateFile.write(file, whole);
        }
        barrier();
    }

    /**
     * Reads states that {@link #saveOptimizerStates} wrote for the same keys and optimizer, whatever the number of workers
     * was. All workers of a distributed store call, and each reads the file.
     *
     * @param file where from
     * @throws IOException when it cannot be read or is not such a file
     */
    public final void loadOptimizerStates(Path file) throws IOException {
        OptimizerStates o = optimizer("loadOptimizerStates");
        OptimizerStateFile.Content whole = OptimizerStateFile.read(file);
        if (!whole.rule().equals(o.rule().toJson())) {
            throw new KVStoreException("loadOptimizerStates: the store's optimizer is %s, the file has states of %s"
                    .formatted(o.rule().toJson(), whole.rule()));
        }
        for (OptimizerStateFile.State s : whole.states()) {
            NDArray stored = stored("loadOptimizerStates", s.key());
            int count = o.rule().optimizer().stateCount();
            if (stored.dtype() != s.dtype()
                    || stored.size() != s.size()
                    || s.arrays().size() != count) {
                throw new KVStoreException(
                        "loadOptimizerStates: key %s needs %d states for %s, the file has %d of %d elements of %s"
                                .formatted(
                                        s.key(),
                                        count,
                                        stored.spec(),
                                        s.arrays().size(),
                                        s.size(),
                                        s.dtype()));
            }
        }
        restoreStates(o, arrays, whole);
    }

    private OptimizerStates optimizer(String operation) {
        if (optimizer == null) {
            throw new KVStoreException(operation + ": the store has no optimizer; call setOptimizer first");
        }
        return optimizer;
    }

    /** Waits until all workers are here. Pushes are complete when they return, so nothing is pending then. */
    public abstract void barrier();

    /** Frees the store's arrays. The group's transport stays open. */
    @Override
    public void close() {
        arrays.values().forEach(NDArray::close);
        arrays.clear();
        setUpdater(null);
    }

    // ---- what types differ in

    /** Makes all workers' copies of a new array equal to rank 0's. */
    abstract void share(KVKey key, NDArray copy);

    /** Applies a sum, which may be overwritten, to the stored array. Both are row-major. */
    abstract void apply(KVKey key, NDArray sum, NDArray stored);

    abstract OptimizerStateFile.Content gatherStates(OptimizerStates states, Map<KVKey, NDArray> keys);

    abstract void restoreStates(OptimizerStates states, Map<KVKey, NDArray> keys, OptimizerStateFile.Content whole);

    final Updater updater() {
        return updater;
    }

    final OptimizerStates optimizer() {
        return optimizer;
    }

    final Role role(KVKey key) {
        return roles.get(key);
    }

    private NDArray stored(String operation, KVKey key) {
        NDArray a = arrays.get(key);
        if (a == null) {
            throw new KVStoreException("%s: key %s is not in the store; init it first (there are %s)"
                    .formatted(operation, key, arrays.keySet()));
        }
        return a;
    }

    private static void check(String operation, KVKey key, NDArray stored, List<NDArray> given) {
        if (given.isEmpty()) {
            throw new KVStoreException("%s: key %s: needs at least one array, got none".formatted(operation, key));
        }
        for (NDArray a : given) {
            if (!a.shape().equals(stored.shape()) || a.dtype() != stored.dtype()) {
                throw new KVStoreException(
                        "%s: key %s: must be %s, got %s".formatted(operation, key, stored.spec(), a.spec()));
            }
        }
    }
}
