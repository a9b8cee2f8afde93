package io.kiln.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.kiln.Golden;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.op.Role;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.reduce.Reductions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("core")
class OptimizerTest {
    /** In float32 a step is right to a few units of the last place. */
    private static final double TOLERANCE = 2e-6;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    static Stream<Optimizer> all() {
        return Stream.of(
                new Sgd(),
                new Sgd(0.9),
                new Nag(),
                new Signum(),
                new Adam(),
                new AdamW(),
                new AdaGrad(),
                new AdaDelta(),
                new RmsProp(),
                new GravesRmsProp(),
                new Ftrl(),
                new Adamax(),
                new Nadam(),
                new Lars(),
                new Lamb(),
                new Lans(),
                new Lion(),
                new AdaBelief(),
                new AmsGrad(),
                new RAdam(),
                new Ftml(),
                new Dcasgd(),
                new GroupAdaGrad(),
                new Lookahead(new Adam()));
    }

    static Stream<Map.Entry<String, Optimizer>> golden() {
        return Stream.of(
                Map.entry("sgd", new Sgd()),
                Map.entry("sgdMomentum", new Sgd(0.9)),
                Map.entry("nag", new Nag(0.9)),
                Map.entry("adam", new Adam()),
                Map.entry("adamW", new AdamW()),
                Map.entry("adaGrad", new AdaGrad()),
                Map.entry("adaDelta", new AdaDelta()),
                Map.entry("rmsProp", new RmsProp()),
                Map.entry("gravesRmsProp", new GravesRmsProp()),
                Map.entry("adamax", new Adamax()),
                Map.entry("nadam", new Nadam()),
                Map.entry("lamb", new Lamb()),
                Map.entry("lars", new Lars()),
                Map.entry("lans", new Lans()),
                Map.entry("lion", new Lion()),
                Map.entry("adaBelief", new AdaBelief()),
                Map.entry("amsGrad", new AmsGrad()),
                Map.entry("rAdam", new RAdam()),
                Map.entry("rAdamCertain", new RAdam(0.9, 0.9, 1e-8)),
                Map.entry("lookahead", new Lookahead(new Sgd(0.9), 2, 0.5)));
    }

    @ParameterizedTest
    @MethodSource("golden")
    void stepsAreThoseOfOptax(Map.Entry<String, Optimizer> row) {
        double decay = row.getValue() instanceof Lars ? 0 : 0.01;
        check(row.getKey(), row.getValue(), Golden.read("optim/optimizers.json"), decay, Shape.of(4));
    }

    @Test
    void stepsAreThoseOfMxnet() {
        JsonNode golden = Golden.read("optim/optimizers_mxnet.json");
        check("ftml", new Ftml(), golden, 0.01, Shape.of(4));
        check("dcasgd", new Dcasgd(), golden, 0.01, Shape.of(4));
        check("groupAdaGrad", new GroupAdaGrad(), golden, 0, Shape.of(2, 2));
    }

    private static void check(String name, Optimizer optimizer, JsonNode golden, double decay, Shape shape) {
        NDArray w = NDArray.of(Golden.floats(golden.get("weights"))).reshape(shape);
        NDArray[] states = states(optimizer, shape);
        for (int t = 0; t < golden.get(name).size(); t++) {
            JsonNode gradient = golden.get("gradients").get(t % 3);
            NDArray g = NDArray.of(Golden.floats(gradient)).reshape(shape);
            Updates.run(optimizer, step(t + 1, decay), w, g, states);
            double[] expected = Golden.doubles(golden.get(name).get(t));
            Golden.assertClose(expected, w.toDoubleArray(), TOLERANCE, name + " step " + (t + 1));
        }
    }

    private static NDArray[] states(Optimizer optimizer, int size) {
        return states(optimizer, Shape.of(size));
    }

    private static NDArray[] states(Optimizer optimizer, Shape shape) {
        NDArray[] states = new NDArray[optimizer.stateCount()];
        Arrays.setAll(states, i -> NDArray.zeros(shape, DType.FLOAT32));
        return states;
    }

    @Test
    void langevinNoiseHasTheVarianceOfTheRateTimesTheTemperature() {
        RandomGenerator.seed(7);
        NDArray w = NDArray.full(Shape.of(20_000), 2, DType.FLOAT32);
        NDArray g = NDArray.full(w.shape(), 1, DType.FLOAT32);
        Updates.run(new Sgld(0.25), step(1, 0.5), w, g);
        assertEquals(2 - 0.05 * (1 + 0.5 * 2), w.mean().item(), 0.005);
        assertEquals(0.1 * 0.25, Reductions.variance(w, 1, false, 0).item(), 0.002);
        Updates.run(new Sgld(0), step(1, 0), w, g);
        assertEquals(1.9 - 0.05, w.mean().item(), 0.005);
    }

    @Test
    void rowsOfGroupAdaGradShareARate() {
        NDArray w = NDArray.zeros(Shape.of(2, 2), DType.FLOAT32);
        NDArray g = NDArray.of(Shape.of(2, 2), 3f, 4f, 0f, 1f);
        Updates.run(new GroupAdaGrad(), step(1, 0), w, g, states(new GroupAdaGrad(), w.shape()));
        double row = 0.1 / Math.sqrt(12.5);
        Golden.assertClose(
                new double[] {-3 * row, -4 * row, 0, -0.1 * Math.sqrt(2)}, w.toDoubleArray(), 1e-5, "groupAdaGrad");
    }

    @Test
    void lookaheadRefusesAnOptimizerThatNeedsNorms() {
        assertThrows(IllegalArgumentException.class, () -> new Lookahead(new Lamb()));
        assertThrows(IllegalArgumentException.class, () -> new Lookahead(new Sgld()));
        assertThrows(IllegalArgumentException.class, () -> new Lookahead(new Adam(), 0, 0.5));
    }

    private static Step step(long number, double weightDecay) {
        return new Step(number, 0.1, weightDecay, 1, Double.POSITIVE_INFINITY, true);
    }

    /** Golden steps of libmxnet 1.9.1; where it keeps the negative of a state, so does the test. */
    private static void mxnet(Optimizer optimizer, float[][] states, double[] weights, double[]... newStates) {
        NDArray w = NDArray.of(1, -2, 3);
        NDArray g = NDArray.of(0.5f, 0.25f, -1);
        NDArray[] s = Arrays.stream(states).map(NDArray::of).toArray(NDArray[]::new);
        // So many steps that no bias is left to correct: libmxnet's kernels do not.
        Updates.run(optimizer, step(1_000_000, 0.01), w, g, s);
        Golden.assertClose(weights, w.toDoubleArray(), 1e-5, optimizer + " weights");
        for (int i = 0; i < newStates.length; i++) {
            Golden.assertClose(newStates[i], s[i].toDoubleArray(), 1e-5, optimizer + " state " + i);
        }
    }

    private static final float[] BEGIN = {0.1f, 0.2f, 0.3f};
    private static final float[] NEGATIVE = {-0.1f, -0.2f, -0.3f};

    @Test
    void sgdIsThatOfMxnet() {
        mxnet(new Sgd(0.9), new float[][] {NEGATIVE}, new double[] {1.0390, -1.8430, 3.3670}, new double[] {
            -0.0390, -0.1570, -0.3670
        });
    }

    @Test
    void nagIsThatOfMxnetWithoutItsBug() {
        // libmxnet's state is (.039016, .156882, .366573): it takes weight decay from the weight already updated.
        mxnet(new Nag(0.9), new float[][] {NEGATIVE}, new double[] {0.9841, -1.8817, 3.4273}, new double[] {
            -0.0390, -0.1570, -0.3670
        });
    }

    @Test
    void adamIsThatOfMxnet() {
        mxnet(
                new Adam(0.9, 0.999, 1e-8, BiasCorrection.EFFICIENT),
                new float[][] {BEGIN, BEGIN},
                new double[] {0.955448, -2.045409, 2.968448},
                new double[] {0.141, 0.203, 0.173},
                new double[] {0.100160, 0.199853, 0.300641});
    }

    @Test
    void rmsPropIsThatOfMxnet() {
        mxnet(new RmsProp(), new float[][] {BEGIN}, new double[] {0.850265, -2.053432, 3.160756}, new double[] {
            0.11601, 0.18529, 0.36409
        });
    }

    @Test
    void ftrlIsThatOfMxnet() {
        mxnet(
                new Ftrl(),
                new float[][] {BEGIN, BEGIN},
                new double[] {0.134610, -0.115154, 0.862311},
                new double[] {-2.153802, 1.752679, -18.473587},
                new double[] {0.35, 0.2625, 1.3});
    }

    @Test
    void signumIsThatOfMxnet() {
        mxnet(new Signum(), new float[][] {NEGATIVE}, new double[] {1.1, -1.9, 3.1}, new double[] {
            -0.039, -0.157, -0.367
        });
    }

    @ParameterizedTest
    @MethodSource("all")
    void slicesAreUpdatedAsTheWhole(Optimizer optimizer) {
        assumeTrue(optimizer.reach() == Reach.ELEMENTS || optimizer instanceof LayerwiseOptimizer);
        int n = 13;
        float[] weights = new float[n];
        float[] gradients = new float[n];
        for (int i = 0; i < n; i++) {
            weights[i] = (float) Math.sin(i + 1);
            gradients[i] = (float) Math.cos(3 * i);
        }
        Step step = step(3, 0.01);
        NDArray whole = NDArray.of(weights);
        Updates.run(optimizer, step, whole, NDArray.of(gradients), states(optimizer, n));
        double[] squares = {sumOfSquares(weights), directionSquares(optimizer, step, weights, gradients)};
        float[] joined = new float[n];
        for (int[] slice : new int[][] {{0, 5}, {5, 13}}) {
            NDArray w = NDArray.of(Arrays.copyOfRange(weights, slice[0], slice[1]));
            NDArray g = NDArray.of(Arrays.copyOfRange(gradients, slice[0], slice[1]));
            Updates.run(optimizer, step, own -> squares, w, g, states(optimizer, slice[1] - slice[0]));
            System.arraycopy(w.toFloatArray(), 0, joined, slice[0], slice[1] - slice[0]);
        }
        assertArrayEquals(whole.toFloatArray(), joined, 1e-6f);
    }

    private static double sumOfSquares(float... x) {
        double sum = 0;
        for (float v : x) {
            sum += v * v;
        }
        return sum;
    }

    private static double directionSquares(Optimizer optimizer, Step step, float[] weights, float[] gradients) {
        double[] seen = new double[1];
        NDArray[] states = states(optimizer, weights.length);
        Updates.run(
                optimizer,
                step,
                own -> {
                    seen[0] = own[1];
                    return own;
                },
                NDArray.of(weights),
                NDArray.of(gradients),
                states);
        return seen[0];
    }

    @ParameterizedTest
    @MethodSource("all")
    void theGradientIsRescaledAndClipped(Optimizer optimizer) {
        NDArray a = NDArray.of(1, -2, 3, 4);
        NDArray b = a.copy();
        Step plain = new Step(1, 0.1, 0, 1, Double.POSITIVE_INFINITY, true);
        Step scaled = new Step(1, 0.1, 0, 0.01, 0.5, true);
        Updates.run(optimizer, plain, a, NDArray.of(0.25f, 0.5f, -0.5f, -0.1f), states(optimizer, 4));
        Updates.run(optimizer, scaled, b, NDArray.of(25, 100, -1e6f, -10), states(optimizer, 4));
        assertArrayEquals(a.toFloatArray(), b.toFloatArray(), 1e-5f);
    }

    @ParameterizedTest
    @MethodSource("all")
    void aZeroGradientWithoutDecayLeavesTheWeightFinite(Optimizer optimizer) {
        NDArray w = NDArray.of(1, 0, -1, 2);
        Updates.run(optimizer, step(1, 0), w, NDArray.zeros(Shape.of(4), DType.FLOAT32), states(optimizer, 4));
        for (double v : w.toDoubleArray()) {
            assertTrue(Double.isFinite(v), optimizer + " gave " + v);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void ruleSurvivesJson(Optimizer optimizer) {
        UpdateRule rule = new UpdateRule(optimizer, new WarmUp(10, 0, new MultiStepDecay(0.1, List.of(20L, 30L), 0.5)))
                .withWeightDecay(0.01)
                .withClipNorm(5);
        UpdateRule read = UpdateRule.fromJson(rule.toJson());
        assertEquals(rule, read);
        assertSame(optimizer.program(), read.optimizer().program());
    }

    @ParameterizedTest
    @MethodSource("all")
    void aWrongNumberOfStatesIsRefused(Optimizer optimizer) {
        NDArray w = NDArray.of(1, 2);
        NDArray[] tooMany = states(new Sgd(), 2);
        tooMany = Arrays.copyOf(tooMany, optimizer.stateCount() + 1);
        Arrays.fill(tooMany, w);
        NDArray[] states = tooMany;
        assertThrows(IllegalArgumentException.class, () -> Updates.run(optimizer, step(1, 0), w, w.copy(), states));
    }

    @Test
    void biasesAreNeitherDecayedNorScaledByTheTrustRatio() {
        UpdateRule rule = new UpdateRule(new Lamb()).withWeightDecay(0.1);
        assertEquals(0.1, rule.step(1, Role.WEIGHT, 1).weightDecay());
        assertTrue(rule.step(1, Role.WEIGHT, 1).layerwise());
        assertEquals(0, rule.step(1, Role.BIAS, 1).weightDecay());
        assertTrue(!rule.step(1, Role.BIAS, 1).layerwise());
    }

    @Test
    void rulesOfVersionOneAreRead() {
        String json =
                """
                {"optimizer": {"name": "adam", "attributes": {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8,
                    "biasCorrection": "EXACT"}},
                 "schedule": {"name": "warmUp", "attributes": {"steps": 5, "begin": 0.0,
                    "then": {"name": "cosineDecay", "attributes": {"rate": 0.1, "steps": 100, "finalRate": 0.0}}}},
                 "weightDecay": 0.01, "clipValue": "Infinity", "clipNorm": 3.0}""";
        UpdateRule rule = new UpdateRule(new Adam(), new WarmUp(5, 0, new CosineDecay(0.1, 100)))
                .withWeightDecay(0.01)
                .withClipNorm(3);
        assertEquals(rule, UpdateRule.fromJson(json));
    }

    @Test
    void unknownOptimizersAreRefused() {
        String json = new UpdateRule(new Sgd()).toJson().replace("\"sgd\"", "\"updates\"");
        assertThrows(IllegalArgumentException.class, () -> UpdateRule.fromJson(json));
        assertThrows(IllegalArgumentException.class, () -> UpdateRule.fromJson("{"));
        assertThrows(IllegalArgumentException.class, () -> UpdateRule.fromJson("{}"));
    }

    @Test
    void attributesOutOfRangeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new Sgd(1));
        assertThrows(IllegalArgumentException.class, () -> new Adam(0.9, 0.999, 0, BiasCorrection.EXACT));
        assertThrows(IllegalArgumentException.class, () -> new Step(0, 0.1, 0, 1, 1, true));
        assertThrows(IllegalArgumentException.class, () -> new Step(1, Double.NaN, 0, 1, 1, true));
    }

    @Test
    void clippingByNormKeepsSmallGradients() {
        assertEquals(1, GradientClipping.factor(2, 5));
        assertEquals(0.5, GradientClipping.factor(10, 5));
        assertEquals(1, GradientClipping.factor(0, 5));
        assertTrue(Double.isNaN(GradientClipping.factor(Double.NaN, 5)));
        assertEquals(25, GradientClipping.sumOfSquares(List.of(NDArray.of(3f), NDArray.of(0f, 4f))), 1e-6);
    }
}
