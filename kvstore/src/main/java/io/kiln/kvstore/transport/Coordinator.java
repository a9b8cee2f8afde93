package io.kiln.kvstore.transport;

import io.kiln.kvstore.KVStoreException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.apache.spark.SparkEnv;
import org.apache.spark.rpc.RpcCallContext;
import org.apache.spark.rpc.RpcEndpointRef;
import org.apache.spark.rpc.RpcEnv;
import org.apache.spark.rpc.ThreadSafeRpcEndpoint;
import scala.PartialFunction;
import scala.runtime.AbstractPartialFunction;
import scala.runtime.BoxedUnit;

/**
 * The driver's side of one job: an endpoint in Spark's RPC environment, protected by the application's own
 * authentication, where workers meet and report. It needs no plugin. Tasks receive its {@link Ticket}.
 *
 * <p>Concurrency: requests are answered one at a time, without waiting.
 */
public final class Coordinator implements AutoCloseable {
    static final String MEET = "meet";
    static final String OK = "ok";
    static final String WAIT = "wait";
    static final String REFUSED = "refused";
    private static final int MAX_SIZE = 1 << 16;

    private final RpcEnv env;
    private final GroupId job;
    private final RpcEndpointRef endpoint;
    private final Map<String, UnaryOperator<String[]>> services = new ConcurrentHashMap<>();
    private GroupId group;
    private String[] addresses;

    private Coordinator(SparkEnv spark) {
        this.env = spark.rpcEnv();
        this.job = GroupId.random();
        services.put(MEET, this::meet);
        this.endpoint = env.setupEndpoint("kiln-" + new UUID(job.high(), job.low()), new Desk(env, services));
    }

    /**
     * Opens the endpoint. Call it on the driver, where the SparkContext runs.
     *
     * @return an open coordinator, to be closed after the job
     */
    public static Coordinator open() {
        return new Coordinator(SparkEnv.get());
    }

    /**
     * Returns what a task needs to reach this coordinator.
     *
     * @return a small serializable value
     */
    public Ticket ticket() {
        return new Ticket(endpoint.name(), job);
    }

    /**
     * Adds a kind of request.
     *
     * @param name its name, the first string of the request
     * @param service computes the answer, using {@link #answer}; must not wait
     */
    public void serve(String name, UnaryOperator<String[]> service) {
        if (services.putIfAbsent(name, service) != null) {
            throw new KVStoreException("coordinator: requests \"%s\" are already served".formatted(name));
        }
    }

    /**
     * Creates the answer of a service.
     *
     * @param values what {@link Ticket#ask} returns
     * @return the answer in its wire form
     */
    public static String[] answer(String... values) {
        String[] all = new String[values.length + 1];
        all[0] = OK;
        System.arraycopy(values, 0, all, 1, values.length);
        return all;
    }

    /** Closes the endpoint; workers that ask later are refused. */
    @Override
    public void close() {
        env.stop(endpoint);
    }

    /** Request: meet, group high, low, epoch, rank, size, address. */
    private String[] meet(String[] q) {
        GroupId asked = new GroupId(Long.parseLong(q[1]), Long.parseLong(q[2]), Integer.parseInt(q[3]));
        int rank = Integer.parseInt(q[4]);
        int size = Integer.parseInt(q[5]);
        if (asked.high() != job.high() || asked.low() != job.low() || size < 1 || size > MAX_SIZE) {
            return refuse(String.format(Locale.ROOT, "group %s of %d workers is not one of job %s", asked, size, job));
        }
        if (group == null || asked.epoch() > group.epoch()) {
            group = asked;
            addresses = new String[size];
        }
        if (asked.epoch() < group.epoch()) {
            return refuse(String.format(
                    Locale.ROOT, "attempt %d is over, attempt %d is running", asked.epoch(), group.epoch()));
        }
        if (size != addresses.length || rank < 0 || rank >= size) {
            return refuse(String.format(
                    Locale.ROOT, "rank %d of %d tries to join a group of %d", rank, size, addresses.length));
        }
        if (addresses[rank] != null && !addresses[rank].equals(q[6])) {
            return refuse(String.format(
                    Locale.ROOT, "rank %d is already %s, %s cannot take it too", rank, addresses[rank], q[6]));
        }
        addresses[rank] = q[6];
        List<String> answer = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            if (addresses[i] == null) {
                answer.add(Integer.toString(i));
            }
        }
        if (answer.isEmpty()) {
            answer.add(OK);
            answer.addAll(Arrays.asList(addresses));
        } else {
            answer.add(0, WAIT);
        }
        return answer.toArray(String[]::new);
    }

    private static String[] refuse(String reason) {
        return new String[] {REFUSED, reason};
    }

    /** The endpoint: finds the service by the first string of the request. */
    private record Desk(RpcEnv rpcEnv, Map<String, UnaryOperator<String[]>> services) implements ThreadSafeRpcEndpoint {
        @Override
        public PartialFunction<Object, BoxedUnit> receiveAndReply(RpcCallContext context) {
            return new Reply(services, context);
        }
    }

    private static final class Reply extends AbstractPartialFunction<Object, BoxedUnit> {
        private final transient Map<String, UnaryOperator<String[]>> services;
        private final transient RpcCallContext context;

        Reply(Map<String, UnaryOperator<String[]>> services, RpcCallContext context) {
            this.services = services;
            this.context = context;
        }

        @Override
        public boolean isDefinedAt(Object message) {
            return message instanceof String[] q && q.length > 0;
        }

        @Override
        public BoxedUnit apply(Object message) {
            String[] q = (String[]) message;
            UnaryOperator<String[]> service = services.get(q[0]);
            try {
                context.reply(
                        service == null
                                ? refuse(String.format(Locale.ROOT, "unknown request \"%s\"", q[0]))
                                : service.apply(q));
            } catch (RuntimeException e) {
                context.reply(refuse(e.getMessage() == null ? e.toString() : e.getMessage()));
            }
            return BoxedUnit.UNIT;
        }
    }
}
