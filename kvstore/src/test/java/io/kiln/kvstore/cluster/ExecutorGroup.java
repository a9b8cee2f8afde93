package io.kiln.kvstore.cluster;

import io.kiln.kvstore.transport.Endpoint;
import io.kiln.kvstore.transport.SparkTransport;
import io.kiln.kvstore.transport.Ticket;
import io.kiln.kvstore.transport.Transport;
import io.kiln.kvstore.transport.TransportOptions;
import java.time.Duration;
import org.apache.spark.TaskContext;

/** How a task of a test joins its group. */
final class ExecutorGroup {
    /** What a rank does in its group. */
    interface Work<T> {
        T run(Transport t) throws Exception;
    }

    private ExecutorGroup() {}

    static <T> T join(Ticket ticket, int attempt, int rank, int size, Work<T> work) throws Exception {
        return join(TransportOptions.DEFAULT, ticket, attempt, rank, size, work);
    }

    static <T> T join(TransportOptions options, Ticket ticket, int attempt, int rank, int size, Work<T> work)
            throws Exception {
        TransportOptions o = options.withTimeout(Duration.ofSeconds(60)).pollingTask(TaskContext.get());
        try (Transport t = SparkTransport.join(
                Endpoint.ofThisExecutor(), ticket.job().attempt(attempt), rank, size, o, ticket.rendezvous(o))) {
            try {
                return work.run(t);
            } catch (Exception e) {
                t.abort(e.toString());
                throw e;
            }
        }
    }
}
