package io.kiln.kvstore;

import io.kiln.backend.Device;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.ArrayFactory;
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
 * Arrays stored under keys and shared by workers: workers push gradients, which are summed and applied, and pull
 * weights. The contract is that of MXNet's KVStore (its {@code include/mxnet/kvstore.h} and
 * {@code python/mxnet/kvstore}), with types instead of strings and errors where MXNet is silent.
 *
 * <ul>
 * <li>{@link #init} creates a key; with several workers all must call it, and rank 0's value is used.
 * <li>{@link #push} sums the given arrays, in a distributed store over the workers too; then the updater or optimizer
 *     changes the stored array, once. Without either, the sum replaces it.
 * <li>{@link #pull} copies the stored array as the last push left it.
 * <li>Keys are either all numbers or all names.
 * <li>Arrays given to a store may be on any devices. The {@linkplain KVStoreType type} says where the store keeps its own: to share the
 *     work among several GPUs of one process, create keys from values on each of them in turn.
 * </ul>
 *
 * <p>In a distributed store init, push, pushPull, broadcast and barrier are collective: every worker makes the same
 * calls in the same order. If they differ, all workers fail with a message that says so.
 *
 * <p>Concurrency: one thread at a time. Arrays passed to a store still belong to the caller; the store's own are freed
 * by {@link #close}.
 */
public abstract class KVStore implements AutoCloseable {
    /** Features that not every type of store has. */
    public enum Capability {
        /** Runs an optimizer itself. */
        OPTIMIZER,
        /** Writes and reads the optimizer's states. */
        OPTIMIZER_STATES,
        /** Pulls individual rows. */
        ROW_SPARSE_PULL,
        /** Compresses gradients before sending them. */
        GRADIENT_COMPRESSION
    }

    private final KVStoreType type;
    private final Map<KVKey, NDArray> arrays = new LinkedHashMap<>();
    private final Map<KVKey, Role> roles = new LinkedHashMap<>();
    private final DeviceCollectives devices = new DeviceCollectives();
    private Updater updater;
    private OptimizerStates optimizer;

    KVStore(KVStoreType type) {
        this.type = type;
    }

    /**
     * Creates a store for this process only.
     *
     * @return an empty LOCAL store
     */
    public static KVStore local() {
        return new LocalStore(KVStoreType.LOCAL);
    }

    /**
     * Creates a store of the given type.
     *
     * @param type any but DIST_ASYNC
     * @param transport the group of workers, not closed by the store; ignored for LOCAL and DEVICE
     * @return an empty store
     * @throws KVStoreException if this version does not implement the type
     */
    public static KVStore create(KVStoreType type, Transport transport) {
        return switch (type) {
            case LOCAL, DEVICE -> new LocalStore(type);
            case DIST_SYNC, DIST_DEVICE_SYNC -> {
                if (transport == null) {
                    throw new KVStoreException("create: " + type + " needs the transport of a group of workers, got"
                            + " null; inside a Spark job join one with SparkTransport.join");
                }
                yield new DistSyncStore(type, transport);
            }
            case DIST_ASYNC ->
                throw new KVStoreException(
                        "create: this version has no %s store; use DIST_SYNC or DIST_DEVICE_SYNC".formatted(type));
        };
    }

    /**
     * Returns the type.
     *
     * @return the type of this store
     */
    public final KVStoreType type() {
        return type;
    }

    /**
     * Returns this worker's rank.
     *
     * @return 0 ≤ rank &lt; numWorkers
     */
    public abstract int rank();

    /**
     * Returns the number of workers that share the store.
     *
     * @return 1 for LOCAL and DEVICE
     */
    public abstract int numWorkers();

    /**
     * Whether this store has an optional feature.
     *
     * @param capability the feature
     * @return true if it does
     */
    public boolean isCapable(Capability capability) {
        return capability == Capability.OPTIMIZER || capability == Capability.OPTIMIZER_STATES;
    }

    // ---- keys

    /**
     * Creates a key.
     *
     * @param key a new number
     * @param value its initial value, copied; a distributed store uses rank 0's
     */
    public final void init(int key, NDArray value) {
        init(KVKey.of(key), value, Role.WEIGHT);
    }

    /**
     * Creates a key.
     *
     * @param key a new name
     * @param value its initial value, copied; a distributed store uses rank 0's
     */
    public final void init(String key, NDArray value) {
        init(KVKey.of(key), value, Role.WEIGHT);
    }

    /**
     * Creates a key for a parameter with a role: an optimizer decays weights, not biases.
     *
     * @param key a new key
     * @param value its initial value, copied; a distributed store uses rank 0's
     * @param role the parameter's role
     */
    public final void init(KVKey key, NDArray value, Role role) {
        KVKey some = arrays.isEmpty() ? key : arrays.keySet().iterator().next();
        if (some.isNumber() != key.isNumber()) {
            throw new KVStoreException("init: this store's keys are %s, as %s, got %s"
                    .formatted(some.isNumber() ? "numbers" : "names", some, key));
        }
        if (arrays.containsKey(key)) {
            throw new KVStoreException("init: key %s is already in the store, with %s; push to change it"
                    .formatted(key, arrays.get(key).spec()));
        }
        Device home = type.isOnDevices() ? value.device() : Device.cpu();
        NDArray copy = ArrayFactory.on(home).zeros(value.shape(), value.dtype()).detach();
        boolean made = false;
        try {
            try (Scope scope = Scope.open()) {
                copy.assign(value.to(home));
            }
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
     * @param values one or more arrays with the shape and dtype of the stored one
     */
    public final void push(int key, NDArray... values) {
        push(KVKey.of(key), List.of(values));
    }

    /**
     * Sums values, over the workers too, and applies the sum to the stored array.
     *
     * @param key a key of the store
     * @param values one or more arrays with the shape and dtype of the stored one
     */
    public final void push(String key, NDArray... values) {
        push(KVKey.of(key), List.of(values));
    }

    /**
     * Sums values, over the workers too, and applies the sum to the stored array.
     *
     * @param key a key of the store
     * @param values one or more arrays with the shape and dtype of the stored one, on any devices, summed in this order
     *     (by NCCL, where that is used, in an order of its own)
     */
    public final void push(KVKey key, List<NDArray> values) {
        NDArray stored = stored("push", key);
        check("push", key, stored, values);
        try (Scope scope = Scope.open()) {
            NDArray sum = stored.newArray(stored.spec());
            if (!devices.reduce(values, sum)) {
                addUp(values, sum);
            }
            apply(key, sum, stored);
        }
    }

    private static void addUp(List<NDArray> values, NDArray sum) {
        // All copies between devices begin before the first sum waits for one.
        List<NDArray> here = values.stream().map(v -> v.to(sum.device())).toList();
        sum.assign(here.get(0));
        for (NDArray v : here.subList(1, here.size())) {
            sum.assign(sum.add(v));
        }
    }

    /**
     * Copies a stored array.
     *
     * @param key a key of the store
     * @param outs the destinations, with the shape and dtype of the stored array
     */
    public final void pull(int key, NDArray... outs) {
        pull(KVKey.of(key), List.of(outs));
    }

    /**
     * Copies a stored array.
     *
     * @param key a key of the store
     * @param outs the destinations, with the shape and dtype of the stored array
     */
    public final void pull(String key, NDArray... outs) {
        pull(KVKey.of(key), List.of(outs));
    }

    /**
     * Copies a stored array.
     *
     * @param key a key of the store
     * @param outs the destinations, with the shape and dtype of the stored array
     */
    public final void pull(KVKey key, List<NDArray> outs) {
        NDArray stored = stored("pull", key);
        check("pull", key, stored, outs);
        if (devices.broadcast(stored, outs)) {
            return;
        }
        try (Scope scope = Scope.open()) {
            outs.forEach(out -> out.assign(stored.to(out.device())));
        }
    }

    /**
     * A push, then a pull.
     *
     * @param key a key of the store
     * @param values the arrays to push
     * @param outs the destinations; if empty, the values are overwritten
     */
    public final void pushPull(KVKey key, List<NDArray> values, List<NDArray> outs) {
        push(key, values);
        pull(key, outs.isEmpty() ? values : outs);
    }

    /**
     * A push, then a pull into the same array.
     *
     * @param key a key of the store
     * @param value the array to push, overwritten by the result
     */
    public final void pushPull(int key, NDArray value) {
        pushPull(KVKey.of(key), List.of(value), List.of());
    }

    /**
     * A push, then a pull into the same array.
     *
     * @param key a key of the store
     * @param value the array to push, overwritten by the result
     */
    public final void pushPull(String key, NDArray value) {
        pushPull(KVKey.of(key), List.of(value), List.of());
    }

    /**
     * An init, then a pull: every worker gets rank 0's value.
     *
     * @param key a new key
     * @param value its initial value
     * @param outs the destinations
     */
    public final void broadcast(KVKey key, NDArray value, List<NDArray> outs) {
        init(key, value, Role.WEIGHT);
        pull(key, outs);
    }

    /**
     * An init, then a pull: every worker gets rank 0's value.
     *
     * @param key a new key
     * @param value its initial value
     * @param outs the destinations
     */
    public final void broadcast(int key, NDArray value, NDArray... outs) {
        broadcast(KVKey.of(key), value, List.of(outs));
    }

    /**
     * An init, then a pull: every worker gets rank 0's value.
     *
     * @param key a new key
     * @param value its initial value
     * @param outs the destinations
     */
    public final void broadcast(String key, NDArray value, NDArray... outs) {
        broadcast(KVKey.of(key), value, List.of(outs));
    }

    /**
     * Copies individual rows of a stored array. Not implemented.
     *
     * @param key a key of the store
     * @param out the destination
     * @param rows the rows to copy
     * @throws KVStoreException always: this version's stores hold dense arrays
     */
    public final void rowSparsePull(KVKey key, NDArray out, NDArray rows) {
        throw new KVStoreException(
                "rowSparsePull: a %s store holds dense arrays; pull %s whole and gather its rows".formatted(type, key));
    }

    // ---- updates

    /**
     * Sets the optimizer, with fresh states. All keys count their updates from 1.
     *
     * @param rule optimizer, schedule and weight decay; clipping by norm needs all gradients at once and is rejected
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
     * Sets the optimizer, without a factor on the sums.
     *
     * @param rule optimizer, schedule and weight decay
     */
    public final void setOptimizer(UpdateRule rule) {
        setOptimizer(rule, 1);
    }

    /**
     * Sets a function that applies sums, instead of an optimizer.
     *
     * @param update the function; null to overwrite with the sums again
     */
    public final void setUpdater(Updater update) {
        if (optimizer != null) {
            optimizer.close();
            optimizer = null;
        }
        updater = update;
    }

    /**
     * Compresses the gradients that workers send. Not implemented.
     *
     * @param kind the compression, such as "2bit"
     * @param threshold its threshold
     * @throws KVStoreException always in this version
     */
    public final void setGradientCompression(String kind, double threshold) {
        throw new KVStoreException(
                "setGradientCompression: a %s store of this version sends gradients whole, got %s(%s);"
                                .formatted(type, kind, threshold)
                        + " remove the call");
    }

    /**
     * Writes the optimizer's states to a file. In a distributed store all workers call this, and rank 0 writes.
     *
     * @param file the destination
     * @throws IOException if it cannot be written
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
     * Reads states that {@link #saveOptimizerStates} wrote for the same keys and optimizer, with any number of workers.
     * In a distributed store all workers call this, and each reads the file.
     *
     * @param file the file to read
     * @throws IOException if it cannot be read or has another format
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

    /** Waits until all workers have called it. Pushes are complete when they return, so nothing is pending then. */
    public abstract void barrier();

    /** Frees the store's arrays. The group's transport stays open. */
    @Override
    public void close() {
        try {
            devices.close();
        } finally {
            arrays.values().forEach(NDArray::close);
            arrays.clear();
            setUpdater(null);
        }
    }

    // ---- implemented by each type

    /** Sets all workers' copies of a new array to rank 0's. */
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
            throw new KVStoreException("%s: key %s is not in the store; init it first (keys: %s)"
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
