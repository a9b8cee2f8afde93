package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.compile.internal.FusedConvolution;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Parameter;
import io.kiln.nn.Residual;
import io.kiln.nn.Sequential;
import io.kiln.op.Autocast;
import io.kiln.op.Dispatch;
import io.kiln.op.Precision;
import io.kiln.op.Role;
import io.kiln.op.activation.Activation;
import io.kiln.op.nn.Convolution;
import io.kiln.op.random.RandomOps;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Batch normalisation, residual and ReLU as parts of a convolution: that they become so, and that nothing else changes. */
class FuseConvolutionTest {
    private static final Spec IMAGES = new Spec(Shape.of(3, 8, 9, 7), DType.FLOAT32);

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Block conv(long channels, boolean bias) {
        return Conv2D.builder()
                .channels(channels)
                .kernel(3)
                .pad(1)
                .useBias(bias)
                .build();
    }

    /** A convolution with statistics that are not those of a new layer, and what a residual network has around it. */
    private static Block net(boolean bias) {
        Block net = new Sequential(unit(bias), Activations.relu(), conv(5, true));
        net.inferShapes(IMAGES.shape());
        net.initialize(3);
        for (Parameter p : net.parameters().values()) {
            boolean positive = p.role() == Role.GAMMA || p.role() == Role.RUNNING_VARIANCE;
            if (positive || p.role() == Role.BETA || p.role() == Role.RUNNING_MEAN || p.role() == Role.BIAS) {
                p.set(RandomOps.uniform(p.shape(), positive ? 0.5 : -0.5, positive ? 2 : 0.5, DType.FLOAT32));
            }
        }
        return net;
    }

    private static Block unit(boolean bias) {
        return new Residual(
                new Sequential(conv(16, bias), new BatchNorm(), Activations.relu(), conv(8, bias), new BatchNorm()));
    }

    private static Executable compiled(Block net, boolean training) {
        try (Autograd.Mode mode = training ? Autograd.trainMode() : Autograd.predictMode()) {
            Block.Traced traced = net.capture(net::forwardAll, IMAGES);
            return new GraphCompiler(Backends.current(), new CompileOptions())
                    .predictor(traced.graph(), traced.constants(), training, IMAGES);
        }
    }

    private static List<String> operators(Executable e) {
        return e.program().graph().nodes().stream()
                .map(n -> n.operator().name())
                .filter(n -> !n.equals("fusedPointwise"))
                .toList();
    }

    @Tag("processor") // other devices need not have a kernel of convolution, normalisation and ReLU
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aResidualUnitBecomesTwoConvolutions(boolean bias) {
        try (Block net = net(bias);
                Executable e = compiled(net, false)) {
            assertEquals(List.of("fusedConvolution", "fusedConvolution", "convolution"), operators(e));
            FusedConvolution last = (FusedConvolution) e.program().graph().nodes().stream()
                    .filter(n -> n.operator() instanceof FusedConvolution f && f.residual())
                    .findFirst()
                    .orElseThrow()
                    .operator();
            assertEquals(Activation.RELU, last.convolution().activation());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theFusedProgramGivesWhatTheOperatorsGive(boolean bias) {
        try (Block net = net(bias)) {
            NDArray x = RandomOps.normal(IMAGES.shape(), 0, 1, DType.FLOAT32);
            try (Autograd.Mode predict = Autograd.predictMode()) {
                float[] expected = net.call(x).toFloatArray();
                net.hybridize();
                assertArrayEquals(expected, net.call(x).toFloatArray(), 2e-5f);
                assertArrayEquals(expected, net.call(x).toFloatArray(), 2e-5f, "when its memory is used again");
            }
        }
    }

    @Test
    void inBfloat16TheSumsAreRoundedOnceLess() {
        try (Block net = net(false);
                Autograd.Mode predict = Autograd.predictMode()) {
            NDArray x = RandomOps.normal(IMAGES.shape(), 0, 1, DType.FLOAT32);
            float[] exact = net.call(x).toFloatArray();
            try (Autocast.Mode narrow = Autocast.open(Precision.BFLOAT16)) {
                double apart = distance(exact, net.call(x).cast(DType.FLOAT32).toFloatArray());
                net.hybridize();
                double fused = distance(exact, net.call(x).cast(DType.FLOAT32).toFloatArray());
                assertEquals(0, fused, 1.05 * apart);
            }
        }
    }

    private static double distance(float[] a, float... b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return Math.sqrt(sum / a.length);
    }

    @Test
    void inTrainModeTheStatisticsOfTheBatchStayAnOperator() {
        try (Block net = net(false);
                Executable e = compiled(net, true)) {
            assertEquals(
                    2, operators(e).stream().filter(n -> n.equals("batchNorm")).count());
            assertEquals(
                    0,
                    operators(e).stream()
                            .filter(n -> n.equals("fusedConvolution"))
                            .count());
        }
    }

    @Tag("processor") // other devices need not have a kernel of convolution, normalisation and ReLU
    @Test
    void aResultThatOthersNeedIsKept() {
        Block body = new Sequential(conv(8, false), new BatchNorm());
        Block net = new Both(body);
        net.inferShapes(IMAGES.shape());
        net.initialize(4);
        try (net) {
            NDArray x = RandomOps.normal(IMAGES.shape(), 0, 1, DType.FLOAT32);
            try (Autograd.Mode predict = Autograd.predictMode();
                    Executable e = compiled(net, false)) {
                FusedConvolution f = (FusedConvolution) e.program().graph().nodes().stream()
                        .filter(n -> n.operator() instanceof FusedConvolution)
                        .findFirst()
                        .orElseThrow()
                        .operator();
                assertFalse(f.residual());
                float[] expected = net.call(x).toFloatArray();
                net.hybridize();
                assertArrayEquals(expected, net.call(x).toFloatArray(), 2e-5f);
            }
        }
    }

    /** Uses what its body gives twice. */
    private static final class Both extends Block {
        private final Block body;

        Both(Block body) {
            this.body = addChild("body", body);
        }

        @Override
        public NDArray forward(NDArray x) {
            NDArray y = body.call(x);
            return x.add(y).relu().mul(y);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64"})
    void theOperatorEqualsItsComposition(DType type) {
        NDArray x = RandomOps.normal(IMAGES.shape(), 0, 1, DType.FLOAT32).cast(type);
        NDArray w = RandomOps.normal(Shape.of(8, 8, 1, 1), 0, 1, DType.FLOAT32).cast(type);
        NDArray s = RandomOps.uniform(Shape.of(8), 0.5, 2, DType.FLOAT32);
        NDArray t = RandomOps.normal(Shape.of(8), 0, 1, DType.FLOAT32);
        Convolution c = new Convolution(List.of(1L, 1L), List.of(0L, 0L), List.of(1L, 1L), 1, Activation.RELU);
        FusedConvolution f = new FusedConvolution(c, true, true, null);
        NDArray[] in = {x, w, s, t, x};
        float[] expected = f.compose(in)[0].cast(DType.FLOAT32).toFloatArray();
        assertArrayEquals(expected, Dispatch.run(f, in)[0].cast(DType.FLOAT32).toFloatArray(), 2e-5f);
    }

    @Tag("processor") // other devices need not have a kernel of convolution, normalisation and ReLU
    @Test
    void theResidualIsWrittenOver() {
        Block units = new Sequential(unit(false), Activations.relu(), unit(false), Activations.relu());
        units.inferShapes(IMAGES.shape());
        units.initialize(5);
        try (units;
                Executable fused = compiled(units, false)) {
            long image = 4 * IMAGES.shape().size();
            // The second unit: 16 channels inside, and 8 that are first its residual and then its result.
            assertTrue(fused.arenaBytes() < 3 * image + 4096, fused.arenaBytes() + " bytes, an image has " + image);
        }
    }
}
