package io.kiln.kvstore;

import io.kiln.kvstore.collective.Collectives;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import java.util.List;

/** Sums and means over the workers of an exchange, requested by its training thread. */
final class WorkerSums implements AutoCloseable {
    private static final int CHANNEL = 3;

    private final int rank;
    private final Collectives collectives;

    WorkerSums(Transport transport) {
        rank = transport.rank();
        collectives = new Collectives(transport, CHANNEL);
    }

    /** Replaces numbers by their sums. */
    void sum(double... x) {
        try (HostView cells = HostView.allocate((long) Double.BYTES * x.length)) {
            cells.put(0, x, 0, x.length);
            collectives.allReduce(DType.FLOAT64, cells, 0);
            cells.get(0, x, 0, x.length);
        }
    }

    /** Replaces arrays by their weighted means; if all weights are 0, by rank 0's arrays. */
    void average(List<NDArray> arrays, double weight) {
        double[] total = {weight};
        sum(total);
        double share = total[0] > 0 ? weight / total[0] : rank == 0 ? 1 : 0;
        for (NDArray a : arrays) {
            try (Scope scope = Scope.open()) {
                NDArray sum = a.factory().zeros(Shape.of(a.size()), DType.FLOAT64);
                if (share > 0) {
                    sum.assign(a.cast(DType.FLOAT64).mul(share).reshape(a.size()));
                }
                try (HostView host = sum.update()) {
                    collectives.allReduce(DType.FLOAT64, host, a.shape().hashCode());
                }
                a.assign(sum.reshape(a.shape()));
            }
        }
    }

    @Override
    public void close() {
        collectives.close();
    }
}
