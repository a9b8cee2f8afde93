package io.kiln.kvstore.transport;

import io.kiln.kvstore.KVStoreException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.SparkEnv;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcTimeout;
import org.apache.spark.util.RpcUtils;
import scala.concurrent.duration.FiniteDuration;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * A task's access to its job's {@link Coordinator}. Small and serializable: it is part of the task's closure.
 *
 * @param endpoint name of the coordinator's endpoint
 * @param job the job's group, attempt 0
 */
public record Ticket(String endpoint, GroupId job) implements Serializable {
    private static final ClassTag<String[]> STRINGS = ClassTag$.MODULE$.apply(String[].class);
    private static final long ASK_SECONDS = 20;
    private static final long FIRST_PAUSE_NANOS = 50_000;
    private static final long LAST_PAUSE_NANOS = 20_000_000;

    /**
     * Asks the coordinator a question.
     *
     * @param request name of the service and its arguments
     * @return the answer without its first string, or null for "not yet"
     * @throws KVStoreException if the coordinator refuses or does not answer
     */
    public String[] ask(String... request) {
        String[] answer = answer(request);
        return answer[0].equals(Coordinator.WAIT) ? null : Arrays.copyOfRange(answer, 1, answer.length);
    }

    private String[] answer(String... request) {
        SparkEnv env = SparkEnv.get();
        RpcTimeout timeout = new RpcTimeout(new FiniteDuration(ASK_SECONDS, TimeUnit.SECONDS), "kiln coordinator");
        String[] answer;
        try {
            RpcEndpointRef driver = RpcUtils.makeDriverRef(endpoint, env.conf(), env.rpcEnv());
            answer = driver.askSync(request, timeout, STRINGS);
        } catch (Exception e) { // Scala does not declare what it throws
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
                throw new KVStoreException(request[0] + ": interrupted while the driver was asked", e);
            }
            throw new KVStoreException("%s: the driver does not answer: %s".formatted(request[0], e.getMessage()), e);
        }
        if (answer[0].equals(Coordinator.REFUSED)) {
            throw new KVStoreException("%s: refused by the driver: %s".formatted(request[0], answer[1]));
        }
        return answer;
    }

    /**
     * Meets the other ranks at the coordinator: this takes about 1 ms when all arrive together, whereas Spark's own
     * barrier takes a second.
     *
     * @param options how long to wait, and whether to continue waiting
     * @return a rendezvous that asks again, with growing pauses, until all ranks have arrived
     */
    public Rendezvous rendezvous(TransportOptions options) {
        return (group, rank, size, address) -> meet(options, group, rank, size, address);
    }

    private List<String> meet(TransportOptions options, GroupId group, int rank, int size, String address) {
        String[] request = {
            Coordinator.MEET,
            Long.toString(group.high()),
            Long.toString(group.low()),
            Integer.toString(group.epoch()),
            Integer.toString(rank),
            Integer.toString(size),
            address
        };
        long start = System.nanoTime();
        for (long pause = FIRST_PAUSE_NANOS; ; pause = Math.min(2 * pause, LAST_PAUSE_NANOS)) {
            String[] answer = answer(request);
            List<String> rest = Arrays.asList(answer).subList(1, answer.length);
            if (answer[0].equals(Coordinator.OK)) {
                return rest;
            }
            if (options.killed().getAsBoolean()) {
                throw new KVStoreException("rendezvous: rank %d: its task was killed".formatted(rank));
            }
            if (System.nanoTime() - start > options.timeout().toNanos()) {
                throw new KVStoreException(
                        "rendezvous: rank %d (%s) waited %d s for %d workers; missing: ranks %s; check that all tasks of the stage run"
                                .formatted(
                                        rank, address, options.timeout().toSeconds(), size, String.join(", ", rest)));
            }
            LockSupport.parkNanos(pause);
        }
    }
}
