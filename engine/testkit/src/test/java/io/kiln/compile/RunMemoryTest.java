package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.kiln.backend.Allocator;
import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
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
import io.kiln.nn.Sequential;
import io.kiln.nn.rnn.Gru;
import io.kiln.nn.rnn.Lstm;
import io.kiln.nn.rnn.Rnn;
import io.kiln.nn.rnn.SequenceLayout;
import io.kiln.nn.zoo.ResNet;
import io.kiln.op.random.RandomOps;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Kernels allocate nothing while a compiled step runs: it takes its arena and its results. */
class RunMemoryTest {
    private static final Spec IMAGES = new Spec(Shape.of(4, 64, 20, 20), DType.FLOAT32);
    private static final Spec PICTURES = new Spec(Shape.of(2, 3, 64, 64), DType.FLOAT32);
    private static final Spec SEQUENCES = new Spec(Shape.of(16, 8, 48), DType.FLOAT32);

    static Stream<Arguments> networks() {
        return Stream.of(
                Arguments.of(
                        "convolutions",
                        IMAGES,
                        new Sequential(conv(3), new BatchNorm(), Activations.relu(), conv(5), conv(3))),
                Arguments.of("resnet", PICTURES, ResNet.v1(18).classes(10).build()));
    }

    /** Where a backend has no kernels for them, they are composed of operators as they run, which allocate. */
    static Stream<Arguments> recurrent() {
        return Stream.of(
                Arguments.of(
                        "lstm",
                        SEQUENCES,
                        Lstm.builder()
                                .hidden(64)
                                .layers(2)
                                .layout(SequenceLayout.NTC)
                                .build()),
                Arguments.of(
                        "lstm with projection",
                        SEQUENCES,
                        Lstm.builder().hidden(64).projection(24).build()),
                Arguments.of("gru", SEQUENCES, Gru.builder().hidden(64).build()),
                Arguments.of("rnn", SEQUENCES, Rnn.builder().hidden(64).build()));
    }

    private static Block conv(long kernel) {
        return Conv2D.builder().channels(64).kernel(kernel).pad(kernel / 2).build();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("networks")
    void aStepAllocatesNothingButItsResults(String name, Spec input, Block net) {
        check(input, net);
    }

    @Tag("processor")
    @ParameterizedTest(name = "{0}")
    @MethodSource("recurrent")
    void neitherDoesOneWithRecurrentKernels(String name, Spec input, Block net) {
        check(input, net);
    }

    private static void check(Spec input, Block net) {
        Backend backend = Backends.current();
        try (Scope scope = Scope.open();
                Block network = net) {
            network.inferShapes(input.shape());
            network.initialize(4);
            Block.Traced traced = network.capture(
                    x -> new NDArray[] {network.forwardAll(x)[0].square().mean()}, input);
            Map<String, Parameter> all = network.parameters();
            Set<String> trained =
                    all.keySet().stream().filter(k -> all.get(k).isTrained()).collect(Collectors.toSet());
            NDArray[] parameters = traced.graph().parameters().stream()
                    .map(p -> all.get(p.name()).data())
                    .toArray(NDArray[]::new);
            GraphCompiler compiler = new GraphCompiler(backend, new CompileOptions());
            try (Executable step = compiler.step(traced.graph(), traced.constants(), trained, input)) {
                NDArray[] places = step.program().gradients().stream()
                        .map(g -> all.get(g).data().zerosLike())
                        .toArray(NDArray[]::new);
                NDArray x = RandomOps.normal(input.shape(), 0, 1, DType.FLOAT32);
                step.step(parameters, places, (k, g) -> {}, x)[0].close();
                Allocator memory = backend.allocator();
                memory.resetPeak();
                long before = memory.liveBytes();
                NDArray loss = step.step(parameters, places, (k, g) -> {}, x)[0];
                long after = memory.liveBytes();
                assertEquals(after - before, memory.peakBytes() - before, "bytes beyond the loss, " + loss.spec());
            }
        }
    }
}
