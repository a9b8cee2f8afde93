package io.kiln.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Optimizers and schedules over twenty steps against {@code torch.optim}. */
class TorchOptimTest {
    private static final JsonNode GOLDEN = Golden.read("optim/optim_torch.json");
    /** Twenty steps in float32. */
    private static final double TOLERANCE = 5e-6;

    private static final double NO_EPSILON = 1e-14;

    /**
     * An optimizer with the settings of the script.
     *
     * @param name its name there
     * @param optimizer the optimizer
     * @param rate its learning rate
     * @param decay its weight decay
     */
    private record Row(String name, Optimizer optimizer, double rate, double decay) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Row> optimizers() {
        return Stream.of(
                new Row("sgd", new Sgd(), 0.1, 0.01),
                new Row("sgdMomentum", new Sgd(0.9), 0.1, 0.01),
                new Row("nag", new Nag(0.9), 0.1, 0.01),
                new Row("adam", new Adam(), 0.1, 0.01),
                new Row("adamW", new AdamW(), 0.1, 0.01),
                new Row("amsGrad", new AmsGrad(), 0.1, 0),
                new Row("adaGrad", new AdaGrad(NO_EPSILON), 0.1, 0),
                new Row("adaDelta", new AdaDelta(), 0.1, 0),
                new Row("rmsProp", new RmsProp(0.9, NO_EPSILON), 0.1, 0.01),
                new Row("gravesRmsProp", new GravesRmsProp(0.9, 0.9, NO_EPSILON), 0.01, 0.01),
                new Row("adamax", new Adamax(), 0.1, 0.01),
                new Row("nadam", new Nadam(), 0.1, 0.01),
                new Row("rAdam", new RAdam(), 0.1, 0.01));
    }

    static Stream<Map.Entry<String, Schedule>> schedules() {
        return Stream.of(
                Map.entry("step", new StepDecay(0.8, 3, 0.5, 0)),
                Map.entry("multiStep", new MultiStepDecay(1, List.of(2L, 3L, 11L), 0.1)),
                Map.entry("exponential", new ExponentialDecay(1, 1, 0.9, 0)),
                Map.entry("polynomial", new PolynomialDecay(1, 12, 2, 0)),
                Map.entry("cosine", new CosineDecay(1, 20, 0.2)),
                Map.entry("restarts", new CosineRestarts(1, 3, 2, 1, 0.1)),
                Map.entry("oneCycle", new OneCycle(1, 10)),
                Map.entry("warmUp", new WarmUp(4, 0.2, new StepDecay(1, 3, 0.5, 0))),
                Map.entry("constant", new ConstantRate(0.3)));
    }

    @Test
    void everyOptimizerOfTheScriptHasARow() {
        assertEquals(GOLDEN.get("optimizers").size(), optimizers().count());
        assertEquals(GOLDEN.get("schedules").size(), schedules().count());
    }

    @ParameterizedTest
    @MethodSource("optimizers")
    void stepsAreThoseOfTorch(Row row) {
        JsonNode gradients = GOLDEN.get(row.name().equals("amsGrad") ? "growing" : "gradients");
        JsonNode steps = GOLDEN.get("optimizers").get(row.name());
        assertEquals(20, steps.size());
        try (Scope scope = Scope.open()) {
            NDArray w = NDArray.of(Golden.floats(GOLDEN.get("weights")));
            NDArray[] states = new NDArray[row.optimizer().stateCount()];
            Arrays.setAll(states, i -> NDArray.zeros(w.shape(), DType.FLOAT32));
            for (int t = 0; t < steps.size(); t++) {
                Step step = new Step(t + 1, row.rate(), row.decay(), 1, Double.POSITIVE_INFINITY, true);
                Updates.run(row.optimizer(), step, w, NDArray.of(Golden.floats(gradients.get(t))), states);
                Golden.assertClose(
                        Golden.doubles(steps.get(t)), w.toDoubleArray(), TOLERANCE, row + " step " + (t + 1));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("schedules")
    void ratesAreThoseOfTorch(Map.Entry<String, Schedule> row) {
        double[] rates = Golden.doubles(GOLDEN.get("schedules").get(row.getKey()));
        for (int t = 0; t < rates.length; t++) {
            assertEquals(rates[t], row.getValue().at(t + 1), 1e-12, row.getKey() + " at " + (t + 1));
        }
    }

    @Test
    void plateausAreThoseOfTorchWithAPatienceOfOneMore() {
        var settings = new ReduceOnPlateau.Settings(0.5, 2, 0.1, 1, 0);
        ReduceOnPlateau plateau = new ReduceOnPlateau(settings, 1, false);
        double[] rates = Golden.doubles(GOLDEN.get("plateau"));
        for (int i = 0; i < rates.length; i++) {
            double value = GOLDEN.get("plateauValues").get(i).asDouble();
            assertEquals(rates[i], plateau.observe(value), 1e-12, "value " + i);
        }
    }
}
