package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.compile.internal.FusedConvolution;
import io.kiln.init.Ones;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Lambda;
import io.kiln.nn.Parameter;
import io.kiln.nn.Sequential;
import io.kiln.op.Autocast;
import io.kiln.op.Precision;
import io.kiln.op.Role;
import io.kiln.op.random.RandomOps;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What follows from parameters alone is computed once, packed weights among it, and again when a parameter is written. */
class WeightPrepackingTest {
    private static final Spec IMAGES = new Spec(Shape.of(2, 8, 9, 7), DType.FLOAT32);

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Block conv(long channels, long kernel) {
        return Conv2D.builder()
                .channels(channels)
                .kernel(kernel)
                .pad(kernel / 2)
                .useBias(false)
                .build();
    }

    private static Block net() {
        Block net = new Sequential(conv(64, 3), new BatchNorm(), Activations.relu(), conv(48, 1));
        net.inferShapes(IMAGES.shape());
        net.initialize(3);
        return net;
    }

    private static NDArray images() {
        return RandomOps.normal(IMAGES.shape(), 0, 1, DType.FLOAT32);
    }

    private static Program packed(Block net) {
        Block.Traced traced = net.capture(net::forwardAll, IMAGES);
        Target target = Target.of(Backends.current());
        Program p = new Program(traced.graph(), traced.constants(), false);
        for (Pass pass : List.of(new FuseConvolution(target), new PackConvolutions(target), new DeadNodes())) {
            p = pass.run(p);
            Verifier.check(pass.name(), p);
        }
        return p;
    }

    private static List<String> operators(Program p) {
        return p.graph().nodes().stream()
                .map(n -> n.operator().name())
                .filter(n -> !n.equals("copy")) // of running statistics
                .toList();
    }

    @Tag("processor") // other devices need not pack weights
    @Test
    void weightsArePackedAndNormalisationsAreFactorsBeforeTheRest() {
        try (Block net = net()) {
            WeightPrepacking cut = WeightPrepacking.of(packed(net), Target.PLAIN);
            assertEquals(List.of("fusedConvolution", "fusedConvolution"), operators(cut.rest()));
            assertEquals(
                    2,
                    operators(cut.first()).stream()
                            .filter("packWeights"::equals)
                            .count());
            assertTrue(operators(cut.first()).contains("rsqrt"));
            cut.rest().graph().nodes().stream()
                    .filter(n -> n.operator() instanceof FusedConvolution)
                    .forEach(n -> assertNotNull(((FusedConvolution) n.operator()).packing()));
        }
    }

    @Test
    void whatDependsOnDataOrIsAResultIsNotCutOff() {
        Block net = new Lambda(x -> x.mul(2).exp());
        Block.Traced traced = net.capture(net::forwardAll, IMAGES);
        assertNull(WeightPrepacking.of(new Program(traced.graph(), traced.constants(), false), Target.PLAIN));
    }

    @Test
    void viewsThatOnlyThePrepackingLooksAtStayThere() {
        NDArray weight = RandomOps.normal(Shape.of(9, 7), 0, 1, DType.FLOAT32);
        Block net = new Scaled(weight);
        try (net;
                Autograd.Mode predict = Autograd.predictMode()) {
            NDArray x = images();
            float[] expected = net.call(x).toFloatArray();
            net.hybridize();
            assertArrayEquals(expected, net.call(x).toFloatArray(), 1e-5f);
        }
    }

    /** Multiplies by what is computed of a parameter, seen in another shape and computed further. */
    private static final class Scaled extends Block {
        private final Parameter gain = addParameter(new Parameter("gain", Role.WEIGHT, new Ones()));

        Scaled(NDArray value) {
            gain.set(value);
        }

        @Override
        public NDArray forward(NDArray x) {
            NDArray a = gain.complete(Shape.of(9, 7)).data().exp();
            return x.mul(a.reshape(7, 9).softmax(1).reshape(9, 7));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void predictionsFollowTheParameters(Precision precision) {
        try (Block compiled = net();
                Block eager = net();
                Autograd.Mode predict = Autograd.predictMode();
                Autocast.Mode narrow = Autocast.open(precision)) {
            compiled.hybridize();
            NDArray x = images();
            float tolerance = precision == Precision.FLOAT32 ? 1e-5f : 0.5f;
            for (int round = 0; round < 3; round++) {
                assertArrayEquals(values(eager.call(x)), values(compiled.call(x)), tolerance, "round " + round);
                for (Parameter p : compiled.parameters().values()) {
                    NDArray other = RandomOps.uniform(p.shape(), 0.1, 0.3, DType.FLOAT32);
                    p.set(other);
                }
                eager.parameters()
                        .forEach((name, p) ->
                                p.set(compiled.parameters().get(name).value()));
            }
        }
    }

    private static float[] values(NDArray y) {
        return y.cast(DType.FLOAT32).toFloatArray();
    }

    @Test
    void weightsPackedOnTwoThreadsServeOne() {
        int threads = Backends.current().threads();
        try (Block net = net();
                Autograd.Mode predict = Autograd.predictMode()) {
            net.hybridize();
            NDArray x = images();
            Backends.current().setThreads(2);
            float[] expected = net.call(x).toFloatArray();
            Backends.current().setThreads(1);
            assertArrayEquals(expected, net.call(x).toFloatArray(), 1e-5f);
        } finally {
            Backends.current().setThreads(threads);
        }
    }

    @Test
    void threadsThatPredictWhileAParameterIsReplacedSeeOldOrNewValues() {
        try (Block net = net();
                Autograd.Mode predict = Autograd.predictMode()) {
            net.hybridize();
            NDArray x = images();
            Parameter weight = net.parameters().get("3.weight");
            NDArray zero = NDArray.zeros(weight.shape(), DType.FLOAT32);
            float before = net.call(x).toFloatArray()[0];
            List<Float> seen = IntStream.range(0, 8)
                    .parallel()
                    .mapToObj(i -> {
                        try (Scope own = Scope.open();
                                Autograd.Mode mode = Autograd.predictMode()) {
                            if (i == 3) {
                                weight.set(zero);
                            }
                            return net.call(x).toFloatArray()[0];
                        }
                    })
                    .toList();
            for (float y : seen) {
                assertTrue(Math.abs(y - before) < 1e-5 || y == 0, "" + y);
            }
            assertEquals(0, net.call(x).toFloatArray()[0]);
        }
    }

    @Tag("processor") // other devices need not pack weights
    @Test
    void aBoundOnMemoryKeepsNothing() {
        try (Block net = net();
                Autograd.Mode predict = Autograd.predictMode()) {
            Block.Traced traced = net.capture(net::forwardAll, IMAGES);
            try (Executable e = new GraphCompiler(Backends.current(), new CompileOptions().withMemoryBudget(1 << 20))
                    .predictor(traced.graph(), traced.constants(), false, IMAGES)) {
                assertEquals(0, e.prepackedBytes());
            }
            try (Executable e = new GraphCompiler(Backends.current(), new CompileOptions())
                    .predictor(traced.graph(), traced.constants(), false, IMAGES)) {
                long weights = 4L * (64 * 8 * 9 + 48 * 64);
                assertEquals(weights, e.prepackedBytes(), weights / 8.0);
            }
        }
    }
}
