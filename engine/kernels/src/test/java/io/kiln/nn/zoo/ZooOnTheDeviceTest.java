package io.kiln.nn.zoo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.kernels.DeviceUnderTest;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.nn.Block;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Results and gradients of the zoo's small networks are those of the CPU. In predict mode, as norms over the two numbers that a batch of
 * two leaves at the end of a deep network in train mode turn roundings into signs.
 */
class ZooOnTheDeviceTest {
    /** Of the norm of the difference to that of the array; roundings that turn a ReLU on or off weigh most. */
    private static final double TOLERANCE = 5e-3;

    static Stream<ZooTest.Row> networks() {
        return ZooTest.small();
    }

    @ParameterizedTest
    @MethodSource("networks")
    void resultsAndGradientsAreThoseOfTheProcessor(ZooTest.Row row) {
        Map<String, double[]> expected = run(Device.cpu(), row);
        Map<String, double[]> got = run(DeviceUnderTest.get().device(), row);
        assertEquals(expected.keySet(), got.keySet());
        double scale = expected.values().stream()
                .mapToDouble(ZooOnTheDeviceTest::norm)
                .max()
                .orElseThrow();
        expected.forEach((name, e) -> {
            double[] g = got.get(name);
            assertEquals(e.length, g.length, name);
            double[] difference = new double[e.length];
            for (int i = 0; i < e.length; i++) {
                difference[i] = e[i] - g[i];
            }
            double error = norm(difference);
            // Where a gradient is zero but for rounding, as a bias's before a norm is, the others give the measure.
            double bound = TOLERANCE * Math.max(norm(e), 1e-3 * scale);
            assertTrue(error <= bound, () -> name + ": the difference is " + error + ", the bound " + bound);
        });
    }

    private static Map<String, double[]> run(Device device, ZooTest.Row row) {
        Random random = new Random(5);
        Map<String, double[]> found = new TreeMap<>();
        try (Context own = Context.open(device);
                Scope scope = Scope.open();
                Block network = row.network().get()) {
            NDArray[] x = row.inputs().stream()
                    .map(s -> s.dtype() == DType.FLOAT32
                            ? NDArray.of(
                                            s.shape(),
                                            random.doubles(s.shape().size()).toArray())
                                    .cast(DType.FLOAT32)
                            : NDArray.of(
                                    s.shape(),
                                    random.longs(s.shape().size(), 0, 10).toArray()))
                    .toArray(NDArray[]::new);
            network.initialize(7);
            NDArray loss = null;
            try (Autograd.Mode record = Autograd.record();
                    Autograd.Mode predict = Autograd.predictMode()) {
                for (NDArray y : network.callAll(x)) {
                    found.put("result " + found.size(), y.toDoubleArray());
                    NDArray sum = y.square().sum();
                    loss = loss == null ? sum : loss.add(sum);
                }
            }
            Autograd.backward(loss);
            network.parameters().forEach((name, p) -> {
                if (p.isTrained()) {
                    found.put(name, p.gradient().toDoubleArray());
                }
            });
        }
        return found;
    }

    private static double norm(double[] x) {
        double sum = 0;
        for (double v : x) {
            sum += v * v;
        }
        return Math.sqrt(sum);
    }
}
