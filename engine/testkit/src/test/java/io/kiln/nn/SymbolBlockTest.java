package io.kiln.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.activation.Activation;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import io.kiln.symbol.Symbol;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SymbolBlockTest {
    private static final Spec INPUT = new Spec(Shape.of(Shape.UNKNOWN, 4), DType.FLOAT32);

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
        RandomGenerator.seed(0);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static NDArray batch() {
        return RandomOps.normal(Shape.of(3, 4), 0, 1, DType.FLOAT32);
    }

    private static Symbol twoTowers() {
        Symbol a = Symbol.op("linear")
                .named("left")
                .set("units", 5)
                .set("activation", "relu")
                .of(Symbol.variable("a"));
        Symbol b = Symbol.op("linear").named("right").set("units", 5).of(Symbol.variable("b"));
        return Symbol.group(b.mul(a).sum(1), a);
    }

    @Test
    void aSymbolBecomesABlockWithNamedInputsAndParameters() {
        SymbolBlock net =
                SymbolBlock.of(twoTowers(), Map.of("a", Shape.of(Shape.UNKNOWN, 4), "b", Shape.of(Shape.UNKNOWN, 2)));
        assertEquals(List.of("b", "a"), net.inputNames());
        assertEquals(
                List.of("right_weight", "right_bias", "left_weight", "left_bias"),
                List.copyOf(net.parameters().keySet()));
        net.initialize(1);
        NDArray a = batch();
        NDArray b = RandomOps.normal(Shape.of(3, 2), 0, 1, DType.FLOAT32);
        NDArray[] y;
        try (Autograd.Mode record = Autograd.record()) {
            y = net.forward(Map.of("a", a, "b", b));
        }
        Autograd.backward(y[0]);
        assertEquals(Shape.of(3), y[0].shape());
        assertEquals(Shape.of(3, 5), y[1].shape());
        assertEquals(
                Shape.of(5, 2), net.parameters().get("right_weight").gradient().shape());
        String m = assertThrows(IllegalArgumentException.class, () -> net.forward(Map.of("a", a, "c", b)))
                .getMessage();
        assertTrue(m.contains("the inputs are [b, a]"), m);
    }

    @Test
    void anImportedNetworkComputesWhatTheOriginalDoes(@TempDir Path dir) throws IOException {
        Sequential net = new Sequential(new Dense(6, Activation.RELU), new BatchNorm(), new Dense(3));
        net.initialize(5);
        net.forward(batch());
        new SymbolBlock(net.trace(INPUT)).close();
        GraphBlock copy = net.toGraphBlock(INPUT);
        Files.writeString(dir.resolve("graph.json"), copy.graph().toJson());
        copy.save(dir.resolve("weights.safetensors"));
        SymbolBlock read = SymbolBlock.imports(dir);
        NDArray x = batch();
        assertArrayEquals(net.forward(x).toFloatArray(), read.forward(x).toFloatArray());
        assertEquals(List.of("input"), read.inputNames());
        Path again = Files.createDirectory(dir.resolve("again"));
        read.export(again);
        assertArrayEquals(
                net.forward(x).toFloatArray(),
                SymbolBlock.imports(again).forward(x).toFloatArray());
        SymbolBlock.of(Symbol.fromGraph(copy.graph()), Map.of()).load(copy.values());
    }

    @Test
    void featuresAreTakenFromInsideAndShareTheParameters() {
        Sequential net = new Sequential(new Dense(6, Activation.RELU), new BatchNorm(), new Dense(3));
        net.initialize(5);
        net.forward(batch());
        SymbolBlock whole = new SymbolBlock(net.trace(INPUT));
        whole.load(net.values());
        SymbolBlock features = whole.upTo("1/batchNorm", "0/linear_output");
        NDArray x = batch();
        NDArray[] f = features.forwardAll(x);
        assertArrayEquals(net.children().get("0").forward(x).toFloatArray(), f[1].toFloatArray());
        assertEquals(Shape.of(3, 6), f[0].shape());
        assertSame(whole.parameters().get("0.weight"), features.parameters().get("0.weight"));
        assertEquals(
                List.of("0.weight", "0.bias", "1.gamma", "1.beta", "1.running_mean", "1.running_variance"),
                List.copyOf(features.parameters().keySet()));
        float before = features.parameters().get("1.running_mean").value().toFloatArray()[0];
        try (Autograd.Mode train = Autograd.trainMode()) {
            features.forwardAll(x);
        }
        float moved = whole.parameters().get("1.running_mean").value().toFloatArray()[0];
        assertTrue(before != moved, "running statistics move in a part that holds them");
        Block tuned = new Sequential(whole.upTo("1/batchNorm"), new Dense(2));
        assertEquals(Shape.of(3, 2), tuned.forward(x).shape());
        String m = assertThrows(IllegalArgumentException.class, () -> whole.upTo("3/linear"))
                .getMessage();
        assertTrue(m.contains("no output 3/linear_output") && m.contains("0/linear_output"), m);
    }

    @Test
    void weightsOfAnotherNetworkAreRefused(@TempDir Path dir) throws IOException {
        SymbolBlock net = SymbolBlock.of(
                Symbol.op("linear").named("fc").set("units", 2).of(Symbol.variable("x")),
                Map.of("x", Shape.of(Shape.UNKNOWN, 4)));
        net.initialize(0);
        net.export(dir);
        Files.writeString(
                dir.resolve("graph.json"),
                Files.readString(dir.resolve("graph.json")).replace("fc_weight", "fd_weight"));
        String m = assertThrows(IllegalArgumentException.class, () -> SymbolBlock.imports(dir))
                .getMessage();
        assertTrue(m.contains("missing [fd_weight], unknown [fc_weight]"), m);
    }
}
