package io.kiln.kvstore;

import io.kiln.kvstore.collective.Collectives;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.op.distributed.WorkerSum;

/**
 * Sums over the workers of a transport, in rank order, for layers that need sums in the middle of a pass, such as
 * {@link io.kiln.nn.SyncBatchNorm}:
 *
 * <pre>{@code
 * try (GroupSum sum = new GroupSum(transport);
 *         Workers.Membership group = Workers.join(sum)) {
 *     …train…
 * }
 * }</pre>
 *
 * <p>Concurrency: one thread. It may share the transport with a store and with a {@link GradientExchange}.
 */
public final class GroupSum implements WorkerSum, AutoCloseable {
    private static final int CHANNEL = 64;

    private final Collectives collectives;

    /**
     * Creates the group's sums.
     *
     * @param transport the group, not closed by this object
     */
    public GroupSum(Transport transport) {
        collectives = new Collectives(transport, CHANNEL);
    }

    @Override
    public void sum(NDArray x) {
        try (Scope scope = Scope.open()) {
            NDArray flat = x.isContiguous() ? x : x.copy();
            try (HostView host = flat.update()) {
                collectives.allReduce(flat.dtype(), host, flat.shape().hashCode());
            }
            if (flat != x) {
                x.assign(flat);
            }
        }
    }

    @Override
    public void close() {
        collectives.close();
    }
}
