package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Context;
import io.kiln.cpu.natives.Natives;
import io.kiln.cpu.onednn.InstructionSet;
import io.kiln.fake.FakeBackend;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Parameter;
import io.kiln.nn.Pool;
import io.kiln.nn.Residual;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.Autocast;
import io.kiln.op.Precision;
import io.kiln.op.random.RandomOps;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Batch normalisation in train mode with the ReLU behind it: that they are joined, and that nothing else changes. */
class FuseNormReluTest {
    /** None but for SSE4.1, where bits depend on where operands lie. */
    private static final float ROUNDING =
            InstructionSet.hasAvx2() || !Natives.get().isAvailable() ? 0 : 1e-5f;

    private static final Spec IMAGES = new Spec(Shape.of(4, 3, 9, 7), DType.FLOAT32);

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Block conv(long channels) {
        return Conv2D.builder()
                .channels(channels)
                .kernel(3)
                .pad(1)
                .useBias(false)
                .build();
    }

    private static Block net() {
        Block body = new Sequential(conv(8), new BatchNorm(), Activations.relu(), conv(6), new BatchNorm());
        Block net = new Sequential(
                conv(6),
                new BatchNorm(),
                Activations.relu(),
                new Residual(body),
                Activations.relu(),
                Pool.globalAverage(),
                new Dense(3));
        net.inferShapes(IMAGES.shape());
        net.initialize(3);
        return net;
    }

    private static NDArray images() {
        return RandomOps.normal(IMAGES.shape(), 0, 1, IMAGES.dtype());
    }

    private static NDArray labels() {
        return NDArray.of(Shape.of(4), 0, 2, 1, 2);
    }

    private static long count(Executable e, String operator) {
        return e.program().graph().nodes().stream()
                .filter(n -> n.operator().name().equals(operator))
                .count();
    }

    private static TrainStep step(Block net, boolean optimize) {
        UpdateRule rule = new UpdateRule(new Sgd(0.9), 0.05);
        return new TrainStep(net, new SoftmaxCrossEntropy(), rule, new CompileOptions(optimize));
    }

    @Test
    void normalisationsWithReluAreJoinedAndSoAreTheirGradients() {
        try (Block net = net();
                TrainStep step = step(net, true)) {
            Executable e = step.executable(images(), labels());
            assertEquals(2, count(e, "fusedBatchNorm"));
            assertEquals(2, count(e, "fusedBatchNormGradient"));
            assertEquals(1, count(e, "batchNorm"), "the one in front of a sum");
            assertEquals(1, count(e, "batchNormGradient"));
            assertEquals(0, count(e, "relu"));
            assertEquals(0, count(e, "reluGradient"));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void trainingStepsAreThoseOfTheOperators(Precision precision) {
        try (Block fused = net();
                Block plain = net();
                TrainStep a = step(fused, true);
                TrainStep b = step(plain, false);
                Autocast.Mode narrow = Autocast.open(precision)) {
            for (int i = 0; i < 5; i++) {
                NDArray x = images();
                assertEquals(b.run(x, labels()), a.run(x, labels()), "loss of step " + i);
            }
            List<Parameter> expected = List.copyOf(plain.parameters().values());
            List<Parameter> actual = List.copyOf(fused.parameters().values());
            for (int i = 0; i < expected.size(); i++) {
                assertArrayEquals(
                        expected.get(i).value().toFloatArray(),
                        actual.get(i).value().toFloatArray(),
                        ROUNDING,
                        expected.get(i).role().toString());
            }
        }
    }

    /** NaN has the rectifier computed anew, with arrays of the kernel's own. */
    @Test
    void theDeviceOfTheThreadDoesNotMatter() {
        NDArray x = images();
        NDArray labels = labels();
        NDArray withNaN = x.copy();
        withNaN.set(0, 0, 0, 0, Float.NaN);
        List<float[]> means = new ArrayList<>();
        for (boolean elsewhere : new boolean[] {false, true}) {
            try (Block net = net();
                    TrainStep step = step(net, true)) {
                step.run(x, labels);
                try (Context.Switch there = Context.switchTo(elsewhere ? FakeBackend.get(0) : x.backend())) {
                    step.run(withNaN, labels);
                }
                means.add(net.parameters().values().iterator().next().value().toFloatArray());
            }
        }
        assertArrayEquals(means.get(0), means.get(1));
    }

    @Test
    void inBfloat16TheLossFallsAsInFloat32() {
        NDArray x = images();
        List<Double> last = new ArrayList<>();
        for (Precision precision : List.of(Precision.FLOAT32, Precision.BFLOAT16)) {
            try (Block net = net();
                    TrainStep step = step(net, true);
                    Autocast.Mode narrow = Autocast.open(precision)) {
                double loss = 0;
                for (int i = 0; i < 30; i++) {
                    loss = step.run(x, labels());
                }
                last.add(loss);
            }
        }
        assertEquals(0, last.get(0), 0.1);
        assertEquals(last.get(0), last.get(1), 0.02);
    }

    @Test
    void sumsOfBfloat16TakeTheReluBehindThem() {
        try (Block net = net();
                TrainStep step = step(net, true);
                Autocast.Mode narrow = Autocast.open(Precision.BFLOAT16)) {
            Executable e = step.executable(images(), labels());
            assertEquals(1, count(e, "addRelu"));
            int apart = InstructionSet.servesBfloat16()
                    ? 0
                    : 2; // behind norms, which oneDNN then leaves to the composition
            assertEquals(apart, count(e, "relu"));
        }
    }

    @Test
    void aStepOfATrainerGivesTheSame() {
        try (Block compiled = net();
                Block eager = net();
                TrainStep step = step(compiled, true);
                Trainer trainer = new Trainer(eager.parameters(), new UpdateRule(new Sgd(0.9), 0.05))) {
            NDArray x = images();
            NDArray loss;
            try (Autograd.Mode record = Autograd.record()) {
                loss = new SoftmaxCrossEntropy().mean(eager.call(x), labels());
            }
            Autograd.backward(loss);
            trainer.step(1);
            assertEquals(loss.item(), step.run(x, labels()));
            eager.parameters()
                    .forEach((name, p) -> assertArrayEquals(
                            p.value().toFloatArray(),
                            compiled.parameters().get(name).value().toFloatArray(),
                            ROUNDING,
                            name));
        }
    }
}
