package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.op.math.Elementwise;
import io.kiln.op.random.RandomGenerator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random networks, hybridized against eager: outputs in predict and train mode, gradients of all inputs and parameters, running
 * statistics. The first seed is printed; {@code -Dkiln.fuzz.seed=…} sets it, {@code -Dkiln.fuzz.graphs=…} how many follow.
 */
class FuzzTest {
    private static final int GRAPHS = Integer.getInteger("kiln.fuzz.graphs", 1000);

    @Test
    void hybridizedIsEager() {
        long first = Long.getLong("kiln.fuzz.seed", new Random().nextLong() >>> 16);
        System.out.println("fuzz: " + GRAPHS + " graphs from -Dkiln.fuzz.seed=" + first);
        Backends.current().setThreads(1);
        for (long seed = first; seed < first + GRAPHS; seed++) {
            check(seed, false);
        }
    }

    @Test
    void hybridizedIsEagerOnSpecialValues() {
        long first = Long.getLong("kiln.fuzz.seed", new Random().nextLong() >>> 16);
        System.out.println("fuzz: special values in " + GRAPHS / 2 + " graphs from -Dkiln.fuzz.seed=" + first);
        Backends.current().setThreads(1);
        for (long seed = first; seed < first + GRAPHS / 2; seed++) {
            check(seed, true);
        }
    }

    private static void check(long seed, boolean special) {
        try (Scope scope = Scope.open();
                RandomNetwork eager = new RandomNetwork(seed);
                RandomNetwork compiled = new RandomNetwork(seed)) {
            compiled.hybridize();
            boolean predicts = (seed & 1) == 0;
            Map<String, NDArray> expected = run(eager, seed, predicts, special);
            Map<String, NDArray> got = run(compiled, seed, predicts, special);
            assertEquals(expected.keySet(), got.keySet(), "seed " + seed);
            double tolerance = eager.type() == DType.FLOAT64 ? 1e-9 : 1e-4;
            for (Map.Entry<String, NDArray> e : expected.entrySet()) {
                String what = "seed " + seed + ", " + e.getKey();
                compare(what, e.getValue(), got.get(e.getKey()), tolerance);
            }
        } catch (RuntimeException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    private static Map<String, NDArray> run(RandomNetwork network, long seed, boolean predicts, boolean special) {
        Map<String, NDArray> results = new LinkedHashMap<>();
        NDArray[] x = special ? network.specialData() : network.data();
        RandomGenerator.seed(seed);
        if (predicts) {
            add(results, "prediction ", network.callAll(x));
        }
        for (NDArray a : x) {
            Autograd.attachGradient(a);
        }
        NDArray[] y;
        NDArray loss = null;
        try (Autograd.Mode record = Autograd.record()) {
            y = network.callAll(x);
            for (NDArray a : y) {
                NDArray ramp = NDArray.arange(0, a.size(), 1, a.dtype()).reshape(a.shape());
                NDArray weights = Elementwise.sin(ramp);
                NDArray sum = a.mul(weights).sum();
                loss = loss == null ? sum : loss.add(sum);
            }
        }
        add(results, "output ", y);
        if (loss.gradientState() == null) {
            return results;
        }
        Autograd.backward(loss);
        for (int i = 0; i < x.length; i++) {
            if (Autograd.isGradientFresh(x[i])) {
                results.put("gradient of input " + i, Autograd.gradient(x[i]));
            }
        }
        network.parameters().forEach((name, p) -> {
            if (!p.isTrained()) {
                results.put(name, p.value());
            } else if (Autograd.isGradientFresh(p.value())) {
                results.put("gradient of " + name, p.gradient());
            }
        });
        return results;
    }

    private static void add(Map<String, NDArray> results, String name, NDArray... arrays) {
        for (int i = 0; i < arrays.length; i++) {
            results.put(name + i, arrays[i]);
        }
    }

    private static void compare(String what, NDArray expected, NDArray got, double tolerance) {
        assertEquals(expected.spec(), got.spec(), what);
        double[] a = expected.toDoubleArray();
        double[] b = got.toDoubleArray();
        for (int i = 0; i < a.length; i++) {
            boolean same = Double.isNaN(a[i])
                    ? Double.isNaN(b[i])
                    : a[i] == b[i] || Math.abs(a[i] - b[i]) <= tolerance * (1 + Math.abs(a[i]));
            if (!same) {
                fail(what + ", element " + i + ": eager " + a[i] + ", hybridized " + b[i]);
            }
        }
    }
}
