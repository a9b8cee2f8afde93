package io.kiln.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.autograd.Function;
import io.kiln.fake.FakeBackend;
import io.kiln.ndarray.ArrayFactory;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Lambda;
import io.kiln.nn.LayerNorm;
import io.kiln.nn.Sequential;
import io.kiln.nn.loss.L2;
import io.kiln.op.activation.Activation;
import io.kiln.op.shape.Movement;
import io.kiln.optim.Sgd;
import io.kiln.optim.TrainStep;
import io.kiln.optim.UpdateRule;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Several devices in one process, none of which need be the one of the thread. */
@Tag("device")
class DevicesTest {
    private static final Device FIRST = new Device("fake", 0);
    private static final Device SECOND = new Device("fake", 1);

    @Test
    void devicesHaveATextForm() {
        assertEquals(new Device("cuda", 1), Device.parse("cuda(1)"));
        assertEquals(new Device("cuda", 1), Device.parse("cuda:1"));
        assertEquals(Device.cpu(), Device.parse("cpu"));
        assertEquals(SECOND, Device.parse(SECOND.toString()));
        for (String wrong : List.of("", "CPU", "cuda:", "cuda:-1", "cuda(1):1", "cuda(-1)", "cuda(1)x")) {
            assertThrows(IllegalArgumentException.class, () -> Device.parse(wrong), wrong);
        }
    }

    @Test
    void arraysMoveBetweenDevices() {
        try (Scope scope = Scope.open()) {
            NDArray x = ArrayFactory.on(Device.cpu()).of(Shape.of(2, 3), 1f, 2, 3, 4, 5, 6);
            assertSame(x, x.to(Device.cpu()));
            NDArray y = x.transpose().to(FIRST).to(SECOND);
            assertEquals(SECOND, y.device());
            assertEquals(Device.cpu(), x.device());
            assertArrayEquals(new float[] {1, 4, 2, 5, 3, 6}, y.to(Device.cpu()).toFloatArray());
            assertEquals(SECOND, y.newArray(new Spec(Shape.of(1), DType.INT64)).device());
            assertEquals(SECOND, y.zerosLike().device());
            assertEquals(6, y.onesLike().sum().item());
        }
    }

    @Test
    void copiesBetweenDevicesOfOneTypeAreWorkOfTheirQueues() {
        for (int i = 0; i < 60; i++) {
            try (Context context = Context.open(FIRST);
                    Scope scope = Scope.open()) {
                long before = waits();
                NDArray x = NDArray.full(Shape.of(64, 3), i, DType.FLOAT32).add(1);
                NDArray y = x.transpose().to(SECOND);
                NDArray again = x.to(SECOND);
                x.fill(-1);
                x.close();
                NDArray back = y.add(again.transpose()).to(FIRST);
                y.fill(-2);
                NDArray sum = back.sum();
                assertEquals(before, waits());
                assertEquals(64 * 3 * 2 * (i + 1), sum.item());
            }
        }
    }

    @Test
    void theProcessorAloneWaitsForACopy() {
        try (Scope scope = Scope.open()) {
            NDArray x = ArrayFactory.on(Device.cpu()).of(1, 2, 3);
            long before = waits();
            NDArray y = x.to(FIRST);
            x.fill(-1);
            assertEquals(before, waits());
            NDArray z = y.to(Device.cpu());
            assertEquals(before + 1, waits());
            assertArrayEquals(new float[] {1, 2, 3}, z.toFloatArray());
        }
    }

    private static long waits() {
        return FakeBackend.get(0).counters().synchronizations()
                + FakeBackend.get(1).counters().synchronizations();
    }

    @Test
    void theGradientGoesBackToTheSource() {
        try (Scope scope = Scope.open()) {
            NDArray x = ArrayFactory.on(FIRST).of(1, 2, 3);
            Autograd.attachGradient(x);
            NDArray y;
            try (Autograd.Mode record = Autograd.record()) {
                y = x.mul(2).to(SECOND).square().to(Device.cpu()).sum();
            }
            Autograd.backward(y);
            assertEquals(FIRST, Autograd.gradient(x).device());
            assertArrayEquals(new float[] {8, 16, 24}, Autograd.gradient(x).toFloatArray());
        }
    }

    @Test
    void mixedDevicesAreAnErrorThatNamesBoth() {
        try (Scope scope = Scope.open()) {
            NDArray a = ArrayFactory.on(FIRST).of(1, 2);
            NDArray b = ArrayFactory.on(SECOND).of(3, 4);
            refused(() -> a.add(b));
            refused(() -> Movement.concat(0, a, b));
            refused(() -> a.assign(b));
            refused(() -> a.set("0:1", b.slice(0, 0, 1)));
            refused(() -> InPlace.putRows(a, ArrayFactory.on(FIRST).of(Shape.of(2), 0L, 1), b));
            refused(() -> Autograd.grad(List.of(recorded(a)), List.of(a), List.of(b), false, false));
        }
    }

    @Test
    void aFunctionWhoseGradientLiesElsewhereIsAnErrorThatNamesBoth() {
        try (Scope scope = Scope.open()) {
            NDArray a = ArrayFactory.on(FIRST).of(1, 2);
            Autograd.attachGradient(a);
            NDArray y;
            try (Autograd.Mode record = Autograd.record()) {
                y = new Function() {
                    @Override
                    protected NDArray[] forward(NDArray... x) {
                        return new NDArray[] {x[0].mul(2)};
                    }

                    @Override
                    protected NDArray[] backward(NDArray... dy) {
                        return new NDArray[] {dy[0].to(SECOND)};
                    }
                }.apply(a)[0];
            }
            refused(() -> Autograd.backward(y));
        }
    }

    private static NDArray recorded(NDArray x) {
        if (x.gradientState() == null) {
            Autograd.attachGradient(x);
        }
        try (Autograd.Mode record = Autograd.record()) {
            return x.mul(3);
        }
    }

    private static void refused(Executable call) {
        IllegalArgumentException e = assertThrows(IllegalArgumentException.class, call);
        assertTrue(e.getMessage().contains("fake(0)") && e.getMessage().contains("fake(1)"), e.getMessage());
    }

    @Test
    void aNetworkIsCompiledForEachDeviceOfItsData() {
        NDArray[] results = new NDArray[2];
        Device[] devices = {FIRST, SECOND};
        try (Scope scope = Scope.open()) {
            for (int i = 0; i < 2; i++) {
                try (Dense dense = new Dense(3, Activation.RELU)) {
                    dense.hybridize();
                    NDArray x = ArrayFactory.on(devices[i]).of(Shape.of(1, 2), 1f, -2);
                    dense.parameters().get("weight").set(x.factory().of(Shape.of(3, 2), 1f, 2, 3, -4, 5, 6));
                    dense.parameters().get("bias").set(x.factory().zeros(Shape.of(3), DType.FLOAT32));
                    results[i] = dense.call(x);
                    assertEquals(devices[i], results[i].device());
                    NDArray elsewhere = x.to(devices[1 - i]);
                    refused(() -> dense.call(elsewhere));
                }
            }
            assertNotSame(results[0], results[1]);
            assertArrayEquals(new float[] {0, 11, 0}, results[0].toFloatArray());
            assertArrayEquals(results[0].toFloatArray(), results[1].toFloatArray());
        }
    }

    @Test
    void parametersBeginOnTheDeviceOfTheData() {
        try (Scope scope = Scope.open()) {
            NDArray x = ArrayFactory.on(SECOND).of(Shape.of(2, 3), 1f, 2, 3, 4, 5, 6);
            NDArray label = ArrayFactory.on(SECOND).of(Shape.of(2, 1), 1f, 2);
            float[] onProcessor = beginning(net -> net.call(x.to(Device.cpu())), Device.cpu());
            assertArrayEquals(onProcessor, beginning(net -> net.call(x), SECOND), "eager");
            assertArrayEquals(onProcessor, beginning(net -> net.callAll(x), SECOND), "several inputs");
            Consumer<Block> compiled = net -> {
                net.inferShapes(Shape.of(Shape.UNKNOWN, 3));
                net.hybridize();
                net.call(x);
            };
            assertArrayEquals(onProcessor, beginning(compiled, SECOND), "hybridized");
            Consumer<Block> trained = net -> {
                try (TrainStep step = new TrainStep(net, new L2(), new UpdateRule(new Sgd(), 0))) {
                    step.run(x, label);
                }
            };
            assertArrayEquals(onProcessor, beginning(trained, SECOND), "training step");
        }
    }

    /** The weights of a network after its first use, which all lie on the device. */
    private static float[] beginning(Consumer<Block> use, Device device) {
        try (Scope scope = Scope.open();
                Block net = new Sequential(new Dense(4, Activation.TANH), new LayerNorm(), new Dense(1))) {
            net.initialize(3);
            use.accept(net);
            net.parameters().forEach((name, p) -> assertEquals(device, p.value().device(), name));
            return net.parameters().get("0.weight").value().toFloatArray();
        }
    }

    @Test
    void aBlockMakesArraysBesideItsInput() {
        try (Scope scope = Scope.open();
                Lambda shift = new Lambda(x -> x.add(NDArray.arange(0, 3, 1, DType.FLOAT32)))) {
            NDArray x = ArrayFactory.on(SECOND).zeros(Shape.of(2, 3), DType.FLOAT32);
            assertArrayEquals(new float[] {0, 1, 2, 0, 1, 2}, shift.call(x).toFloatArray());
            assertEquals(Backends.standard(), NDArray.of(1).device(), "afterwards the thread is where it was");
        }
    }
}
