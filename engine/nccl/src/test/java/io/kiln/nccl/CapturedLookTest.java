package io.kiln.nccl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Context;
import io.kiln.cuda.driver.TestDriver;
import io.kiln.kvstore.GradientExchange;
import io.kiln.kvstore.TrainedParameter;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.observe.Observation;
import io.kiln.observe.Observer;
import io.kiln.op.Role;
import io.kiln.optim.ConstantRate;
import io.kiln.optim.LossScaler;
import io.kiln.optim.Sgd;
import io.kiln.optim.UpdateRule;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What an exchange of gradients looks at before it updates, overflows and their norm, is the same where a device captures it. It stands in
 * this module because its tests have both the stores and the test driver.
 */
class CapturedLookTest {
    private static final int STEPS = 9;
    private static final int ROWS = 40;

    private final TestDriver driver = Gpus.driver();

    private static NDArray random(long seed, long... dims) {
        Shape shape = Shape.of(dims);
        return Gpus.random(Gpus.gpu(0), DType.FLOAT32, Math.toIntExact(shape.size()), seed)
                .reshape(shape);
    }

    private static TrainedParameter table(int number, long width) {
        return new TrainedParameter("table " + number, random(5 + number, ROWS, width), Role.WEIGHT, true, false, 1);
    }

    /** What each step has found and left. */
    private List<String> train(boolean eager, boolean scaled, double clipNorm, int tables) {
        UpdateRule rule = new UpdateRule(new Sgd(), new ConstantRate(0.1), 0, Double.POSITIVE_INFINITY, clipNorm);
        LossScaler scaler = scaled ? new LossScaler(new LossScaler.Settings(8, 2, 3, 16)) : null;
        List<String> seen = new ArrayList<>();
        try (Context own = Context.open(Gpus.gpu(0));
                Scope scope = Scope.open()) {
            List<TrainedParameter> parameters = new ArrayList<>(List.of(
                    new TrainedParameter("a", random(1, 6, 4), Role.WEIGHT),
                    new TrainedParameter("b", random(2, 30), Role.BIAS)));
            for (int k = 0; k < tables; k++) {
                parameters.add(table(k, 2 + k));
            }
            NDArray[] gradients = {random(3, 6, 4), random(4, 30)};
            try (GradientExchange exchange = new GradientExchange(null, parameters, rule, scaler, null)) {
                driver.reset();
                for (int step = 0; step < STEPS; step++) {
                    try (Scope inner = Scope.open();
                            Observation observed = eager ? Observation.open(new Observer() {}) : null) {
                        seen.add(step(exchange, step, scaled, tables, gradients));
                    }
                }
            }
        }
        return seen;
    }

    /** A step; with a loss scale, a gradient overflows in one step, and a row of the second table in another. */
    private static String step(GradientExchange exchange, int step, boolean scaled, int tables, NDArray... gradients) {
        exchange.beginStep(2);
        for (int i = 0; i < gradients.length; i++) {
            gradients[i].assign(
                    random(100 + 10L * step + i, gradients[i].shape().dims()));
            if (scaled && i == 1 && step == 5) {
                gradients[i].fill(Float.POSITIVE_INFINITY);
            }
            exchange.gradientReady(exchange.weights().get(i), gradients[i]);
        }
        for (int k = 0; k < tables; k++) {
            long[] numbers = {step, 3 + k, 20 + step};
            NDArray rows = random(200 + 10L * step + k, numbers.length, 2 + k);
            if (scaled && k == 1 && step == 7) {
                rows.fill(Float.NaN);
            }
            exchange.rowsReady("table " + k, NDArray.of(Shape.of(numbers.length), numbers), rows);
        }
        exchange.step();
        StringBuilder text = new StringBuilder();
        text.append(exchange.hasOverflowed()).append(exchange.hasClipped()).append(exchange.lossScale());
        exchange.weights().forEach(w -> text.append(Arrays.toString(w.toFloatArray())));
        return text.toString();
    }

    @ParameterizedTest
    @CsvSource({
        "true, Infinity, 0",
        "true, 0.5, 0",
        "false, 0.5, 2",
        "true, 0.5, 2",
        "true, Infinity, 2",
    })
    void itHasTheBitsOfCalls(boolean scaled, double clipNorm, int tables) {
        List<String> calls = train(true, scaled, clipNorm, tables);
        assertEquals(0, driver.count("cuGraphLaunch"));
        List<String> captured = train(false, scaled, clipNorm, tables);
        assertTrue(driver.count("cuGraphLaunch") >= STEPS - 3, "launched " + driver.count("cuGraphLaunch"));
        assertEquals(calls, captured);
        List<Integer> overflows = new ArrayList<>();
        for (int step = 0; step < STEPS; step++) {
            if (captured.get(step).startsWith("true")) {
                overflows.add(step);
            }
        }
        assertEquals(!scaled ? List.of() : tables > 1 ? List.of(5, 7) : List.of(5), overflows);
        assertEquals(clipNorm < 1, captured.get(1).startsWith("falsetrue"));
    }
}
