package io.kiln.cuda;

import io.kiln.backend.Recording;
import java.util.ArrayList;
import java.util.List;

/**
 * Captured work with code of the host in its midst: a graph up to each place where there is some.
 *
 * <p>Concurrency: filled under the lock of its queue, then immutable and thread-safe.
 */
final class PartedRecording implements Recording {
    private final List<CudaRecording> graphs = new ArrayList<>();
    private final List<Runnable> all = new ArrayList<>();

    /** Adds a graph. */
    void add(CudaRecording graph) {
        graphs.add(graph);
        all.add(graph::replay);
    }

    /** Adds code of the host. */
    void add(Runnable host) {
        all.add(host);
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    @Override
    public void replay() {
        all.forEach(Runnable::run);
    }

    /** Closes all graphs, also if one cannot be. */
    @Override
    public void close() {
        RuntimeException first = null;
        for (CudaRecording graph : graphs) {
            try {
                graph.close();
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }

    @Override
    public String toString() {
        return graphs.size() + " graphs of "
                + graphs.stream().mapToInt(CudaRecording::kernels).sum() + " kernels and "
                + graphs.stream().mapToInt(CudaRecording::calls).sum()
                + " calls of libraries, copies and fills, with code of the host between them";
    }
}
