package io.kiln.nn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.Golden;
import io.kiln.autograd.Autograd;
import io.kiln.compile.CompileOptions;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.distributed.CrossWorkerSum;
import io.kiln.op.distributed.WorkerSum;
import io.kiln.op.distributed.Workers;
import io.kiln.optim.GradientStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class SyncBatchNormTest {
    private static final int CHANNELS = 3;
    private static final int SPACE = 5;

    /** What a step leaves: output, gradients of x, gamma and beta, running mean and variance. */
    private record Step(double[] y, double[] dx, double[] dgamma, double[] dbeta, double[] mean, double[] variance) {}

    private enum Way {
        EAGER,
        TRACED,
        COMPILED
    }

    /** Two threads that sum at a barrier. */
    private static final class Pair {
        private final double[][] parts = new double[2][];
        private final CyclicBarrier barrier = new CyclicBarrier(2);

        WorkerSum worker(int rank) {
            return x -> {
                parts[rank] = x.toDoubleArray();
                await();
                float[] sum = new float[parts[0].length];
                for (int i = 0; i < sum.length; i++) {
                    sum[i] = (float) (parts[0][i] + parts[1][i]);
                }
                await();
                x.assign(NDArray.of(x.shape(), sum));
            };
        }

        private void await() {
            try {
                barrier.await(20, TimeUnit.SECONDS);
            } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                throw new IllegalStateException("the other worker did not come", e);
            }
        }
    }

    private static float[] numbers(int from, int to, int period) {
        float[] values = new float[to - from];
        for (int i = from; i < to; i++) {
            values[i - from] = (float) (Math.sin(i) * 3 + i % period);
        }
        return values;
    }

    private static Step step(Block norm, int from, int to) {
        try (Scope scope = Scope.open()) {
            Shape shape = Shape.of(to - from, CHANNELS, SPACE);
            int row = CHANNELS * SPACE;
            NDArray x = Autograd.attachGradient(NDArray.of(shape, numbers(from * row, to * row, 7)));
            NDArray loss;
            NDArray y;
            try (Autograd.Mode record = Autograd.record()) {
                y = norm.call(x);
                loss = y.mul(NDArray.of(shape, numbers(from * row, to * row, 5)))
                        .sum();
            }
            Autograd.backward(loss);
            var p = norm.parameters();
            return new Step(
                    y.toDoubleArray(),
                    Autograd.gradient(x).toDoubleArray(),
                    p.get("gamma").gradient().toDoubleArray(),
                    p.get("beta").gradient().toDoubleArray(),
                    p.get("running_mean").value().toDoubleArray(),
                    p.get("running_variance").value().toDoubleArray());
        }
    }

    private static Step[] ofTwoWorkers(Way way) throws Exception {
        Pair pair = new Pair();
        int[][] rows = {{0, 3}, {3, 8}};
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            Future<?>[] running = new Future<?>[2];
            for (int r = 0; r < 2; r++) {
                int rank = r;
                running[r] = threads.submit(() -> {
                    Block norm = new SyncBatchNorm();
                    if (way == Way.COMPILED) {
                        norm.hybridize();
                    } else if (way == Way.TRACED) {
                        norm = norm.toGraphBlock(new Spec(Shape.of(Shape.UNKNOWN, CHANNELS, SPACE), DType.FLOAT32));
                    }
                    try (Workers.Membership group = Workers.join(pair.worker(rank));
                            Block block = norm) {
                        return step(block, rows[rank][0], rows[rank][1]);
                    }
                });
            }
            return new Step[] {(Step) running[0].get(30, TimeUnit.SECONDS), (Step) running[1].get(30, TimeUnit.SECONDS)
            };
        } finally {
            threads.shutdownNow();
            assertTrue(threads.awaitTermination(20, TimeUnit.SECONDS));
        }
    }

    private static double[] joined(double[] a, double... b) {
        double[] all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }

    private static double[] sum(double[] a, double... b) {
        double[] all = a.clone();
        Arrays.setAll(all, i -> a[i] + b[i]);
        return all;
    }

    private static void assertAsOne(Way way) throws Exception {
        Step one = step(new BatchNorm(), 0, 8);
        Step[] two = ofTwoWorkers(way);
        Golden.assertClose(one.y, joined(two[0].y, two[1].y), 1e-5, "output");
        Golden.assertClose(one.dx, joined(two[0].dx, two[1].dx), 1e-4, "gradient");
        Golden.assertClose(one.dgamma, sum(two[0].dgamma, two[1].dgamma), 1e-4, "gamma's gradients, summed");
        Golden.assertClose(one.dbeta, sum(two[0].dbeta, two[1].dbeta), 1e-4, "beta's gradients, summed");
        for (Step s : two) {
            Golden.assertClose(one.mean, s.mean, 1e-5, "running mean");
            Golden.assertClose(one.variance, s.variance, 1e-5, "running variance");
        }
    }

    @Test
    void twoWorkersNormaliseAsOneWithTheJoinedBatch() throws Exception {
        assertAsOne(Way.EAGER);
    }

    @Test
    void tracedWorkersDoAsWell() throws Exception {
        assertAsOne(Way.TRACED);
    }

    @Test
    void compiledWorkersDoAsWell() throws Exception {
        assertAsOne(Way.COMPILED);
    }

    /** Two branches whose sums are independent of each other, in shapes of which some coincide on one worker only. */
    @Test
    void compiledWorkersWithBatchesOfOtherSizesSumInTheSameOrder() throws Exception {
        List<List<String>> sums = new ArrayList<>();
        for (int batch : new int[] {CHANNELS, 7}) {
            Block net = new Concurrent(1, new SyncBatchNorm(), new Sequential(Activations.relu(), new SyncBatchNorm()));
            NDArray x = NDArray.zeros(Shape.of(batch, CHANNELS), DType.FLOAT32);
            try (GradientStep step = new GradientStep(
                    net, in -> new NDArray[] {net.call(in[0]).square().sum()}, new CompileOptions())) {
                net.forward(x);
                sums.add(step.executable(x).program().graph().nodes().stream()
                        .filter(n -> n.operator() instanceof CrossWorkerSum)
                        .map(Graph.Node::name)
                        .toList());
            }
        }
        assertEquals(6, sums.get(0).size());
        assertEquals(sums.get(0), sums.get(1));
    }

    @Test
    void aWorkerAloneIsPlainBatchNorm() {
        Step plain = step(new BatchNorm(), 0, 6);
        Step alone = step(new SyncBatchNorm(), 0, 6);
        Golden.assertClose(plain.dx, alone.dx, 1e-4, "gradient");
        Golden.assertClose(plain.variance, alone.variance, 1e-5, "running variance");
    }

    @Test
    void membershipEndsWithItsBlock() {
        int[] calls = new int[2];
        try (Workers.Membership outer = Workers.join(x -> calls[0]++)) {
            try (Workers.Membership inner = Workers.join(x -> calls[1]++)) {
                step(new SyncBatchNorm(), 0, 2);
            }
            assertEquals(3, calls[1], "mean, variance, gradient");
            step(new SyncBatchNorm(), 0, 2);
        }
        step(new SyncBatchNorm(), 0, 2);
        assertEquals(3, calls[0]);
    }
}
