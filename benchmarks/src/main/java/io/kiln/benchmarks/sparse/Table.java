package io.kiln.benchmarks.sparse;

import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.benchmarks.spark.Sessions;
import io.kiln.compile.CompileOptions;
import io.kiln.kvstore.GradientExchange;
import io.kiln.kvstore.TrainedParameter;
import io.kiln.kvstore.transport.Endpoint;
import io.kiln.kvstore.transport.GroupId;
import io.kiln.kvstore.transport.SparkTransport;
import io.kiln.kvstore.transport.TransportOptions;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Dense;
import io.kiln.nn.Embedding;
import io.kiln.nn.GraphBlock;
import io.kiln.nn.Sequential;
import io.kiln.optim.Adam;
import io.kiln.optim.ConstantRate;
import io.kiln.optim.GradientStep;
import io.kiln.optim.UpdateRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** An embedding of many rows on two workers in one JVM, with dense and with row-sparse gradients. */
@Command(
        name = "table",
        mixinStandardHelpOptions = true,
        description =
                "Trains an embedding on two workers with dense gradients and by rows; prints time and traffic of a step.")
public final class Table implements Callable<Integer> {
    private static final int WORKERS = 2;
    private static final int LOOK_UPS = 8;
    private static final int WARM_UP = 3;
    private static final int WAIT_SECONDS = 60;

    @Option(names = "--rows", defaultValue = "1000000", description = "Default: ${DEFAULT-VALUE}.")
    private int rows;

    @Option(names = "--width", defaultValue = "32", description = "Default: ${DEFAULT-VALUE}.")
    private int width;

    @Option(
            names = "--batch",
            defaultValue = "256",
            description = "Rows of a worker, of 8 look-ups. Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(names = "--steps", defaultValue = "10", description = "Default: ${DEFAULT-VALUE}.")
    private int steps;

    private record Figures(double milliseconds, double mebibytes) {}

    @Override
    public Integer call() throws Exception {
        try (SparkSession spark = Sessions.local(WORKERS)) {
            for (boolean byRows : new boolean[] {false, true, false, true}) {
                Figures f = measure(byRows);
                System.out.printf(
                        Locale.ROOT,
                        "%s: %.2f ms, %.3f MiB sent by a worker per step%n",
                        byRows ? "by rows" : "dense",
                        f.milliseconds(),
                        f.mebibytes());
            }
        }
        return 0;
    }

    private Figures measure(boolean byRows) throws Exception {
        GroupId group = GroupId.random();
        String[] addresses = new String[WORKERS];
        CyclicBarrier barrier = new CyclicBarrier(WORKERS);
        ExecutorService threads = Executors.newFixedThreadPool(WORKERS);
        try {
            List<Future<Figures>> workers = new ArrayList<>();
            for (int r = 0; r < WORKERS; r++) {
                int rank = r;
                workers.add(threads.submit(() -> {
                    try (SparkTransport transport = SparkTransport.join(
                                    Endpoint.ofThisExecutor(),
                                    group,
                                    rank,
                                    WORKERS,
                                    TransportOptions.DEFAULT,
                                    (g, i, size, own) -> {
                                        addresses[i] = own;
                                        await(barrier);
                                        return List.of(addresses);
                                    });
                            Context context = Context.open(Device.cpu(), 1)) {
                        return train(new CountingTransport(transport), byRows);
                    }
                }));
            }
            workers.get(1).get();
            return workers.get(0).get();
        } finally {
            threads.shutdownNow();
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new IllegalStateException("bench: the other worker does not come", e);
        }
    }

    private Figures train(CountingTransport transport, boolean byRows) {
        Spec ids = new Spec(Shape.of(Shape.UNKNOWN, LOOK_UPS), DType.INT32);
        try (Scope scope = Scope.open();
                Sequential net = new Sequential(new Embedding(rows, width), new Dense(1));
                GraphBlock block = new GraphBlock(net.traceCopy(ids).graph())) {
            block.initialize(1);
            List<TrainedParameter> parameters = new ArrayList<>();
            block.parameters()
                    .forEach((name, p) -> parameters.add(new TrainedParameter(
                            name,
                            p.value(),
                            p.role(),
                            byRows && p.value().shape().dim(0) == rows,
                            false,
                            1)));
            UpdateRule rule = new UpdateRule(new Adam(), new ConstantRate(1e-3));
            try (GradientExchange exchange = new GradientExchange(transport, parameters, rule)) {
                return steps(transport, block, parameters, exchange);
            }
        }
    }

    private Figures steps(
            CountingTransport transport,
            GraphBlock block,
            List<TrainedParameter> parameters,
            GradientExchange exchange) {
        Map<String, NDArray> values = new HashMap<>();
        for (int i = 0; i < parameters.size(); i++) {
            values.put(parameters.get(i).name(), exchange.weights().get(i));
        }
        Random random = new Random(transport.rank());
        double[] times = new double[steps];
        try (GradientStep step = new GradientStep(
                block,
                in -> {
                    NDArray d = block.forwardAll(in[0])[0].sub(in[1]);
                    return new NDArray[] {d.mul(d).mean()};
                },
                values::get,
                exchange::gradientPlace,
                new Rows(values, exchange),
                new CompileOptions())) {
            for (int s = -WARM_UP; s < steps; s++) {
                if (s == 0) {
                    transport.restart();
                }
                long begin = System.nanoTime();
                try (Scope scope = Scope.open()) {
                    int[] ids = random.ints((long) batch * LOOK_UPS, 0, rows).toArray();
                    exchange.beginStep(batch);
                    step.run(
                            (name, g) -> exchange.gradientReady(values.get(name), g),
                            NDArray.of(Shape.of(batch, LOOK_UPS), ids),
                            NDArray.ones(Shape.of(batch, 1), DType.FLOAT32));
                    exchange.step();
                }
                times[Math.max(0, s)] = (System.nanoTime() - begin) * 1e-6;
            }
        }
        Arrays.sort(times);
        return new Figures(times[steps / 2], transport.sent() / (double) steps / (1 << 20));
    }

    /** Passes row-sparse gradients to the exchange. */
    private record Rows(Map<String, NDArray> values, GradientExchange exchange) implements GradientStep.RowListener {
        @Override
        public boolean keeps(String name, int lookUps, long count) {
            return exchange.isByRows(name);
        }

        @Override
        public NDArray table(String name) {
            return values.get(name);
        }

        @Override
        public void gradient(String name, NDArray numbers, NDArray gradient) {
            exchange.rowsReady(name, numbers, gradient);
        }
    }
}
