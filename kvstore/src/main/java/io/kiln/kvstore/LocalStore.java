package io.kiln.kvstore;

import io.kiln.ndarray.HostView;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The store of one process, on the CPU or on its devices. */
final class LocalStore extends KVStore {
    LocalStore(KVStoreType type) {
        super(type);
    }

    @Override
    public int rank() {
        return 0;
    }

    @Override
    public int numWorkers() {
        return 1;
    }

    @Override
    public void barrier() {
        // There are no other workers to wait for.
    }

    @Override
    void share(KVKey key, NDArray copy) {
        // There are no other copies.
    }

    @Override
    void apply(KVKey key, NDArray sum, NDArray stored) {
        if (optimizer() != null) {
            optimizer().update(key, role(key), flat(stored), flat(sum));
        } else if (updater() != null) {
            updater().update(key, sum, stored);
        } else {
            stored.assign(sum);
        }
    }

    /** A row-major array as one dimension. */
    static NDArray flat(NDArray a) {
        return slice(a, 0, a.size());
    }

    /** A range of a row-major array as one dimension. */
    static NDArray slice(NDArray a, long start, long length) {
        return a.view(Shape.of(length), new long[] {1}, start);
    }

    @Override
    OptimizerStateFile.Content gatherStates(OptimizerStates states, Map<KVKey, NDArray> keys) {
        List<OptimizerStateFile.State> all = new ArrayList<>();
        states.all().forEach((key, s) -> {
            NDArray stored = keys.get(key);
            List<byte[]> arrays = new ArrayList<>();
            for (NDArray a : s.arrays) {
                arrays.add(bytes(a));
            }
            all.add(new OptimizerStateFile.State(key, s.updates, stored.dtype(), stored.size(), arrays));
        });
        return new OptimizerStateFile.Content(states.rule().toJson(), all);
    }

    static byte[] bytes(NDArray flat) {
        byte[] b = new byte[Math.toIntExact(flat.size() * flat.dtype().bytes())];
        try (HostView host = flat.read()) {
            host.get(0, b, 0, b.length);
        }
        return b;
    }

    @Override
    void restoreStates(OptimizerStates states, Map<KVKey, NDArray> keys, OptimizerStateFile.Content whole) {
        states.close();
        for (OptimizerStateFile.State s : whole.states()) {
            OptimizerStates.State to = states.of(s.key(), flat(keys.get(s.key())));
            to.updates = s.updates();
            for (int i = 0; i < to.arrays.length; i++) {
                byte[] b = s.arrays().get(i);
                try (HostView host = to.arrays[i].write()) {
                    host.put(0, b, 0, b.length);
                }
            }
        }
    }
}
