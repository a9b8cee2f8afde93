package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Parameter;
import io.kiln.nn.Zeros;
import io.kiln.op.Activation;
import io.kiln.op.Convolution;
import io.kiln.op.Dispatch;
import io.kiln.op.Dropout;
import io.kiln.op.Elementwise;
import io.kiln.op.Linear;
import io.kiln.op.MaxPool;
import io.kiln.op.RandomGenerator;
import io.kiln.op.RandomOps;
import io.kiln.op.Where;
import io.kiln.symbol.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random networks, hybridized against eager: outputs, and gradients of input and parameters. */
class FuzzTest {
    private static final int GRAPHS = 600;

    /** A network that does what a seed says. */
    private static final class RandomBlock extends Block {
        private final long seed;
        private final Parameter weight = addParameter(new Parameter("w", Role.WEIGHT, new Zeros()));
        private final Parameter bias = addParameter(new Parameter("b", Role.BIAS, new Zeros()));
        private final Parameter kernel = addParameter(new Parameter("k", Role.WEIGHT, new Zeros()));

        RandomBlock(long seed) {
            this.seed = seed;
            try (Scope scope = Scope.open()) {
                RandomGenerator.seed(seed);
                weight.set(RandomOps.normal(Shape.of(6, 6), 0, 0.4, DType.FLOAT32));
                bias.set(RandomOps.normal(Shape.of(6), 0, 0.4, DType.FLOAT32));
                kernel.set(RandomOps.normal(Shape.of(4, 4, 3, 3), 0, 0.2, DType.FLOAT32));
            }
        }

        /** Arrays are [2,4,6,6] or [2,4,3,3] or smaller ones that broadcast with them. */
        @Override
        public NDArray forward(NDArray x) {
            Random random = new Random(seed);
            List<NDArray> values = new ArrayList<>(List.of(x));
            int operators = 5 + random.nextInt(36);
            for (int i = 0; i < operators; i++) {
                values.add(next(random, values));
            }
            NDArray sum = null;
            for (NDArray v : values) {
                NDArray m = v.mean();
                sum = sum == null ? m : sum.add(m);
            }
            return sum.reshape(1);
        }

        private NDArray next(Random random, List<NDArray> values) {
            NDArray a = values.get(random.nextInt(values.size()));
            NDArray b = values.get(random.nextInt(values.size()));
            boolean image = a.shape().rank() == 4
                    && a.shape().dim(1) == 4
                    && a.shape().dim(2) > 1
                    && a.shape().dim(3) > 1;
            switch (random.nextInt(20)) {
                case 0:
                    return fits(a, b) ? a.add(b) : a.add(1);
                case 1:
                    return fits(a, b) ? a.mul(b).mul(0.5) : a.mul(0.7);
                case 2:
                    return fits(a, b) ? a.sub(b) : a.neg();
                case 3:
                    return a.relu();
                case 4:
                    return a.tanh();
                case 5:
                    return a.sigmoid();
                case 6:
                    return a.square().mul(0.3);
                case 7:
                    return a.mean(a.shape().rank() - 1).expandDims(-1);
                case 8:
                    return a.abs().add(0.1).sqrt();
                case 9:
                    return fits(a, b) ? Dispatch.one(new Where(), a.gt(b), a, b) : a;
                case 10:
                    return a.shape().dim(-1) == 6
                            ? Dispatch.one(
                                    new Linear(Activation.values()[random.nextInt(4)]), a, weight.data(), bias.data())
                            : a.mul(1);
                case 11:
                    return image
                            ? Dispatch.one(
                                    new Convolution(
                                            List.of(1L, 1L),
                                            List.of(1L, 1L),
                                            List.of(1L, 1L),
                                            1,
                                            Activation.values()[random.nextInt(2)]),
                                    a,
                                    kernel.data())
                            : a.square().mul(0.1);
                case 12:
                    return image && a.shape().dim(2) == 6
                            ? Dispatch.one(new MaxPool(List.of(2L, 2L), List.of(2L, 2L), List.of(0L, 0L)), a)
                            : a.relu();
                case 13:
                    return a.softmax(-1);
                case 14:
                    return Dispatch.one(new Dropout(0.3), a);
                case 15:
                    return a.transpose(0, 1, 3, 2);
                case 16:
                    return a.shape().dim(-1) == 6 ? a.matmul(weight.data()) : a.add(0.2);
                case 17:
                    return a.shape().dim(-1) > 1 ? a.slice(3, 0, 1) : a;
                case 18:
                    return Elementwise.maximum(a, a.mul(0.5));
                default:
                    return a.reshape(a.shape().dim(0), a.shape().dim(1), -1).reshape(a.shape());
            }
        }

        private static boolean fits(NDArray a, NDArray b) {
            for (int i = 0; i < 4; i++) {
                long x = a.shape().dim(i);
                long y = b.shape().dim(i);
                if (x != y && x != 1 && y != 1) {
                    return false;
                }
            }
            return true;
        }
    }

    private static float[][] run(RandomBlock block, long seed) {
        RandomGenerator.seed(seed);
        NDArray x = Autograd.attachGradient(RandomOps.normal(Shape.of(2, 4, 6, 6), 0, 1, DType.FLOAT32));
        NDArray prediction = block.call(x);
        NDArray y;
        try (Autograd.Mode record = Autograd.record()) {
            y = block.call(x);
        }
        Autograd.backward(y);
        float[][] results = new float[6][];
        results[0] = prediction.toFloatArray();
        results[1] = y.toFloatArray();
        results[2] = Autograd.gradient(x).toFloatArray();
        int at = 3;
        for (Parameter p : block.parameters().values()) {
            results[at++] = p.gradient() == null ? new float[0] : p.gradient().toFloatArray();
        }
        return results;
    }

    @Test
    void hybridizedIsEager() {
        long first = new Random().nextLong() >>> 16;
        System.out.println("fuzz: seeds from " + first);
        for (long seed = first; seed < first + GRAPHS; seed++) {
            try (Scope scope = Scope.open();
                    RandomBlock eager = new RandomBlock(seed);
                    RandomBlock compiled = new RandomBlock(seed)) {
                compiled.hybridize();
                float[][] a = run(eager, seed);
                float[][] b = run(compiled, seed);
                for (int i = 0; i < a.length; i++) {
                    compare(seed, i, a[i], b[i]);
                }
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed, e);
            }
        }
    }

    private static void compare(long seed, int which, float[] a, float... b) {
        assertEquals(a.length, b.length, "seed " + seed + ", result " + which);
        for (int k = 0; k < a.length; k++) {
            if (!(Math.abs(a[k] - b[k]) <= 1e-4 * (1 + Math.abs(a[k]))) && Float.isFinite(a[k])) {
                fail("seed " + seed + ", result " + which + ", element " + k + ": eager " + a[k] + ", hybridized "
                        + b[k]);
            }
        }
    }
}
