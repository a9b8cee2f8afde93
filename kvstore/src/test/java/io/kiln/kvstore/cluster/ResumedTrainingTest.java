package io.kiln.kvstore.cluster;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.kvstore.GradientExchange;
import io.kiln.kvstore.TrainedParameter;
import io.kiln.kvstore.snapshot.SnapshotManifest;
import io.kiln.kvstore.snapshot.SnapshotStore;
import io.kiln.kvstore.transport.Coordinator;
import io.kiln.kvstore.transport.Ticket;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;
import io.kiln.optim.Adam;
import io.kiln.optim.UpdateRule;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class ResumedTrainingTest {
    private static final int WORKERS = 2;
    private static final int STEPS = 12;
    private static final int EVERY = 4;

    private static NDArray random(long seed, long... dims) {
        Shape shape = Shape.of(dims);
        float[] f = new float[(int) shape.size()];
        Random r = new Random(seed);
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) r.nextGaussian();
        }
        return NDArray.of(shape, f);
    }

    /** Trains on from the newest snapshot; rank 1 of the first attempt dies in a step, if it shall. */
    private static float[] train(Ticket ticket, int attempt, int rank, boolean die) throws Exception {
        return ExecutorGroup.join(ticket, attempt, rank, WORKERS, t -> {
            SnapshotStore snapshots = new SnapshotStore(ticket, attempt);
            List<TrainedParameter> parameters = List.of(
                    new TrainedParameter("w", random(1, 301, 1009), Role.WEIGHT),
                    new TrainedParameter("b", random(2, 1009), Role.BIAS));
            try (Scope scope = Scope.open();
                    GradientExchange exchange = new GradientExchange(t, parameters, new UpdateRule(new Adam(), 0.01))) {
                List<NDArray> w = exchange.weights();
                w.forEach(Autograd::attachGradient);
                OptionalLong newest = snapshots.newestComplete();
                if (newest.isPresent()) {
                    try (InputStream in =
                            snapshots.load(newest.getAsLong(), rank).open()) {
                        exchange.restoreSlice(in);
                    }
                }
                for (long step = exchange.updates(); step < STEPS; step++) {
                    try (Scope inner = Scope.open()) {
                        exchange.beginStep(8);
                        NDArray loss;
                        try (Autograd.Mode mode = Autograd.record()) {
                            NDArray y = random(100 * step + rank, 8, 301)
                                    .matmul(w.get(0))
                                    .add(w.get(1));
                            loss = y.mul(y).sum().mul(1.0 / 8);
                        }
                        if (die && step == 6 && rank == 1) {
                            Runtime.getRuntime().halt(9);
                        }
                        Autograd.backward(List.of(loss), null, false, exchange::gradientReady);
                        exchange.step();
                    }
                    if ((step + 1) % EVERY == 0) {
                        snapshots.save(step + 1, rank, exchange::saveSlice);
                    }
                }
                return w.get(0).toFloatArray();
            }
        });
    }

    @Test
    void aJobThatLostAnExecutorGoesOnAndEndsWithTheSameBits() {
        try (LocalCluster cluster = new LocalCluster(WORKERS, Map.of())) {
            List<Object> undisturbed;
            try (Coordinator driver = Coordinator.open();
                    SnapshotManifest manifest = new SnapshotManifest(driver, WORKERS)) {
                Ticket ticket = driver.ticket();
                undisturbed = cluster.runOnAll(rank -> train(ticket, 0, rank, false));
                assertEquals(OptionalLong.of(STEPS), manifest.newestComplete());
            }
            try (Coordinator driver = Coordinator.open();
                    SnapshotManifest manifest = new SnapshotManifest(driver, WORKERS)) {
                Ticket ticket = driver.ticket();
                assertThrows(Exception.class, () -> cluster.runOnAll(rank -> train(ticket, 0, rank, true)));
                assertEquals(OptionalLong.of(EVERY), manifest.newestComplete());
                List<Object> resumed = cluster.runOnAll(rank -> train(ticket, 1, rank, false));
                for (int r = 0; r < WORKERS; r++) {
                    assertArrayEquals((float[]) undisturbed.get(0), (float[]) resumed.get(r), 0f);
                }
                assertTrue(((float[]) resumed.get(0))[0] != random(1, 301, 1009).toFloatArray()[0]);
            }
        }
    }
}
