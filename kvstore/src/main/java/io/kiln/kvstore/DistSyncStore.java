package io.kiln.kvstore;

import io.kiln.kvstore.collective.Collectives;
import io.kiln.kvstore.collective.Slices;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.optim.Reach;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The synchronous store of several workers. Every worker holds every array; each owns a slice of it, which it sums and
 * updates and for which it keeps the optimizer's states. A custom updater, or an optimizer that needs whole arrays,
 * gets whole arrays: then one worker, chosen by the key, owns all.
 */
final class DistSyncStore extends KVStore {
    private static final int CHANNEL = 1;

    private final Transport transport;
    private final Collectives collectives;
    private final int rank;
    private final int size;

    DistSyncStore(KVStoreType type, Transport transport) {
        super(type);
        this.transport = transport;
        this.collectives = new Collectives(transport, CHANNEL);
        this.rank = transport.rank();
        this.size = transport.size();
    }

    @Override
    public int rank() {
        return rank;
    }

    @Override
    public int numWorkers() {
        return size;
    }

    @Override
    public void barrier() {
        collectives.barrier();
    }

    @Override
    void share(KVKey key, NDArray copy) {
        try (HostView host = copy.update()) {
            collectives.broadcast(0, host, purpose(key, copy));
        }
    }

    private static int purpose(KVKey key, NDArray a) {
        return (key.fingerprint() * 31 + a.shape().hashCode()) * 31
                + a.dtype().name().hashCode();
    }

    @Override
    void apply(KVKey key, NDArray sum, NDArray stored) {
        int purpose = purpose(key, stored);
        if (optimizer() == null && updater() == null) {
            try (HostView host = sum.update()) {
                collectives.allReduce(sum.dtype(), host, purpose);
            }
            stored.assign(sum);
            return;
        }
        Slices slices = slices(key, stored);
        try (HostView host = sum.update()) {
            collectives.reduceScatter(sum.dtype(), host, slices, purpose);
        }
        long start = slices.start(rank);
        long length = slices.length(rank);
        if (updater() == null) {
            optimizer()
                    .update(
                            key,
                            role(key),
                            LocalStore.slice(stored, start, length),
                            LocalStore.slice(sum, start, length));
        } else if (length == stored.size()) {
            updater().update(key, sum, stored);
        }
        try (HostView host = stored.update()) {
            collectives.allGather(stored.dtype(), host, slices, purpose);
        }
    }

    private Slices slices(KVKey key, NDArray a) {
        boolean whole = updater() != null || optimizer().rule().optimizer().reach() != Reach.ELEMENTS;
        return whole
                ? Slices.whole(a.size(), size, Math.floorMod(key.fingerprint(), size))
                : Slices.even(a.size(), size);
    }

    @Override
    OptimizerStateFile.Content gatherStates(OptimizerStates states, Map<KVKey, NDArray> keys) {
        List<OptimizerStateFile.State> all = new ArrayList<>();
        states.all().forEach((key, s) -> {
            NDArray stored = keys.get(key);
            Slices slices = slices(key, stored);
            List<byte[]> arrays = new ArrayList<>();
            try (Scope scope = Scope.open()) {
                NDArray whole = stored.newArray(new Spec(Shape.of(stored.size()), stored.dtype()));
                for (NDArray part : s.arrays) {
                    LocalStore.slice(whole, slices.start(rank), slices.length(rank))
                            .assign(part);
                    try (HostView host = whole.update()) {
                        collectives.allGather(whole.dtype(), host, slices, key.fingerprint());
                    }
                    arrays.add(LocalStore.bytes(whole));
                }
            }
            all.add(new OptimizerStateFile.State(key, s.updates, stored.dtype(), stored.size(), arrays));
        });
        return new OptimizerStateFile.Content(states.rule().toJson(), all);
    }

    @Override
    void restoreStates(OptimizerStates states, Map<KVKey, NDArray> keys, OptimizerStateFile.Content whole) {
        states.close();
        for (OptimizerStateFile.State s : whole.states()) {
            try (Scope scope = Scope.open()) {
                NDArray stored = keys.get(s.key());
                Slices slices = slices(s.key(), stored);
                int width = s.dtype().bytes();
                OptimizerStates.State to =
                        states.of(s.key(), LocalStore.slice(stored, slices.start(rank), slices.length(rank)));
                to.updates = s.updates();
                for (int i = 0; i < to.arrays.length; i++) {
                    try (HostView host = to.arrays[i].write()) {
                        host.put(
                                0,
                                s.arrays().get(i),
                                Math.toIntExact(slices.start(rank) * width),
                                Math.toIntExact(slices.length(rank) * width));
                    }
                }
            }
        }
        barrier();
    }

    @Override
    public void close() {
        try {
            super.close();
        } finally {
            collectives.close();
        }
    }

    @Override
    public String toString() {
        return type() + " store of " + transport;
    }
}
