package io.kiln.spark.job;

import io.kiln.kvstore.collective.Collectives;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;

/** Sums of a few numbers over all workers; a single worker needs no sums. */
final class WorkerGroup implements AutoCloseable {
    private static final int CHANNEL = 100;

    private final Collectives collectives;

    WorkerGroup(Transport transport) {
        collectives = transport == null ? null : new Collectives(transport, CHANNEL);
    }

    /** The sums, in rank order, equal on all workers. */
    double[] sum(double... values) {
        if (collectives == null || values.length == 0) {
            return values;
        }
        try (HostView cells = HostView.allocate((long) Double.BYTES * values.length)) {
            cells.put(0, values, 0, values.length);
            collectives.allReduce(DType.FLOAT64, cells, values.length);
            double[] sums = new double[values.length];
            cells.get(0, sums, 0, sums.length);
            return sums;
        }
    }

    @Override
    public void close() {
        if (collectives != null) {
            collectives.close();
        }
    }
}
