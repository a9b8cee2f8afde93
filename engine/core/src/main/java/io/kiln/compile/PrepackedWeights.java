package io.kiln.compile;

import io.kiln.backend.Backend;
import io.kiln.backend.Context;
import io.kiln.backend.Handover;
import io.kiln.backend.NotCapturableException;
import io.kiln.backend.Storage;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.util.Arrays;

/**
 * The results of the first program of a {@link WeightPrepacking}, kept until a parameter is written or replaced.
 *
 * <p>Concurrency: thread-safe; calls that still use older results keep them.
 */
final class PrepackedWeights implements AutoCloseable {
    private final Backend backend;
    private final Executable first;
    private Values current;

    PrepackedWeights(Backend backend, Executable first) {
        this.backend = backend;
        this.first = first;
    }

    /** Results and the parameter versions from which they were computed. */
    static final class Values {
        final NDArray[] arrays;
        private final Storage[] storages;
        private final int[] versions;
        private final Handover made;
        private int users = 1;

        private Values(Handover made, NDArray[] arrays, Storage[] storages, int... versions) {
            this.made = made;
            this.arrays = arrays;
            this.storages = storages;
            this.versions = versions;
        }

        private boolean areOf(NDArray... parameters) {
            for (int i = 0; i < storages.length; i++) {
                boolean same = parameters[i] == null
                        || storages[i] == parameters[i].storage() && versions[i] == storages[i].version();
                if (!same) {
                    return false;
                }
            }
            return true;
        }
    }

    /** The results for these parameters (null for constants), to be returned by the caller. The data are not read. */
    synchronized Values take(NDArray[] parameters, NDArray... data) {
        if (current == null || !current.areOf(parameters)) {
            if (Context.current().queue(backend).isCapturing()) {
                throw new NotCapturableException("its weights are yet to be packed");
            }
            Values next = compute(parameters, data);
            close();
            current = next;
        }
        current.made.to(Context.current().queue(backend));
        current.users++;
        return current;
    }

    long bytes() {
        return first.program().graph().outputs().stream()
                .map(first.program().graph()::spec)
                .mapToLong(s -> s.shape().size() * s.dtype().bytes())
                .sum();
    }

    private Values compute(NDArray[] parameters, NDArray... data) {
        Storage[] storages = new Storage[parameters.length];
        int[] versions = new int[parameters.length];
        for (int i = 0; i < storages.length; i++) {
            storages[i] = parameters[i] == null ? null : parameters[i].storage();
            versions[i] = parameters[i] == null ? 0 : storages[i].version();
        }
        try (Scope scope = Scope.open()) {
            NDArray[] results = first.run(parameters, data);
            NDArray[] kept = new NDArray[results.length];
            for (int i = 0; i < kept.length; i++) {
                kept[i] = (results[i].isContiguous() ? results[i] : results[i].copy()).detach();
            }
            return new Values(Handover.of(backend), kept, storages, versions);
        }
    }

    synchronized void giveBack(Values values) {
        if (--values.users == 0) {
            Arrays.stream(values.arrays).forEach(NDArray::close);
        }
    }

    /** Frees the results once no call uses them. */
    @Override
    public synchronized void close() {
        if (current != null) {
            giveBack(current);
            current = null;
        }
    }
}
