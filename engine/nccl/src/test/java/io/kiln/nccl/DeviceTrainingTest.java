package io.kiln.nccl;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.kvstore.KVKey;
import io.kiln.kvstore.KVStore;
import io.kiln.kvstore.KVStoreType;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;
import io.kiln.optim.Adam;
import io.kiln.optim.UpdateRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A perceptron trained by data parallelism over the devices of a process, whose store keeps the weights. */
class DeviceTrainingTest {
    private static final int STEPS = 12;
    private static final int ROWS = 16;
    private static final int FEATURES = 8;
    private static final int HIDDEN = 16;

    private static NDArray numbers(int device, Shape shape, double size, long seed) {
        float[] all = new float[Math.toIntExact(shape.size())];
        Random random = new Random(seed);
        for (int i = 0; i < all.length; i++) {
            all[i] = (float) (size * random.nextGaussian());
        }
        return ArrayFactory.on(Gpus.gpu(device)).of(shape, all);
    }

    /** The loss of each step; half of the keys are on the first device, half on the last. */
    private static double[] losses(int devices, String nccl) {
        return Gpus.with(Gpus.NCCL, nccl, () -> {
            try (KVStore store = KVStore.create(KVStoreType.DEVICE, null)) {
                store.setOptimizer(new UpdateRule(new Adam(), 0.05), 1.0 / devices);
                store.init(KVKey.of(0), numbers(0, Shape.of(FEATURES, HIDDEN), 0.3, 1), Role.WEIGHT);
                store.init(KVKey.of(1), numbers(devices - 1, Shape.of(HIDDEN, 1), 0.3, 2), Role.WEIGHT);
                double[] losses = new double[STEPS];
                for (int step = 0; step < STEPS; step++) {
                    try (Scope scope = Scope.open()) {
                        losses[step] = step(store, devices, step % 3);
                    }
                }
                return losses;
            }
        });
    }

    private static double step(KVStore store, int devices, int batch) {
        List<NDArray> first = new ArrayList<>();
        List<NDArray> second = new ArrayList<>();
        for (int d = 0; d < devices; d++) {
            first.add(numbers(d, Shape.of(FEATURES, HIDDEN), 0, 0));
            second.add(numbers(d, Shape.of(HIDDEN, 1), 0, 0));
        }
        store.pull(KVKey.of(0), first);
        store.pull(KVKey.of(1), second);
        List<NDArray> firstGradients = new ArrayList<>();
        List<NDArray> secondGradients = new ArrayList<>();
        List<NDArray> losses = new ArrayList<>();
        for (int d = 0; d < devices; d++) {
            NDArray x = numbers(d, Shape.of(ROWS, FEATURES), 1, 100 + 10 * batch + d);
            NDArray y = x.slice(1, 0, 1).mul(x.slice(1, 1, 2));
            NDArray w = Autograd.attachGradient(first.get(d));
            NDArray v = Autograd.attachGradient(second.get(d));
            NDArray loss;
            try (Autograd.Mode mode = Autograd.record()) {
                loss = x.matmul(w).tanh().matmul(v).sub(y).square().mean();
            }
            Autograd.backward(loss);
            firstGradients.add(Autograd.gradient(w));
            secondGradients.add(Autograd.gradient(v));
            losses.add(loss);
        }
        store.push(KVKey.of(1), secondGradients);
        store.push(KVKey.of(0), firstGradients);
        return losses.stream().mapToDouble(NDArray::item).average().orElseThrow();
    }

    @Test
    void lossesAreThoseOfTheRankOrderToTheBitOnTwoDevicesAndWithinRoundingOnThree() {
        TestDriver driver = Gpus.driver();
        double[] two = losses(2, "false");
        double[] three = losses(3, "false");
        assertEquals(0, driver.count("ncclReduce"));
        assertArrayEquals(two, losses(2, "true"));
        assertEquals(2 * 2 * STEPS, driver.count("ncclReduce"));
        assertArrayEquals(three, losses(3, "true"), 1e-4);
        assertTrue(three[STEPS - 1] < 0.9 * three[0], "it learns: " + three[0] + " to " + three[STEPS - 1]);
    }
}
