package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.fake.FakeBackend;
import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.init.Zeros;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Role;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a compiled program keeps goes from one queue to another with the event of its last use. */
@Tag("device")
class QueuesTest {
    private static final Device DEVICE = new Device(FakeBackend.TYPE, 0);
    private static final Spec SQUARE = new Spec(Shape.of(32, 32), DType.FLOAT32);
    /** Of another size than all that compiling takes and frees: no memory of the one waits for the other. */
    private static final Spec ROWS = new Spec(Shape.of(5, 32), DType.FLOAT32);

    private static final int ROUNDS = 40;

    private final FakeBackend fake = FakeBackend.get(0);
    private Context context;
    private Scope scope;
    private NDArray w;
    private NDArray[] data;

    @BeforeEach
    void open() {
        context = Context.open(DEVICE);
        scope = Scope.open();
        RandomGenerator.seed(3);
        w = RandomOps.normal(SQUARE.shape(), 0, 0.1, DType.FLOAT32);
        data = new NDArray[4];
        for (int i = 0; i < data.length; i++) {
            data[i] = RandomOps.normal(ROWS.shape(), 0, 1, DType.FLOAT32);
        }
        context.queue().synchronize(Duration.ofSeconds(60));
    }

    @AfterEach
    void close() {
        scope.close();
        context.close();
    }

    private static Graph graph(Role role, UnaryOperator<NDArray> ofWeight) {
        try (GraphBuilder b = GraphBuilder.open()) {
            NDArray y = b.input("x", ROWS);
            NDArray a = ofWeight.apply(b.parameter("w", SQUARE, role, new Zeros()));
            for (int i = 0; i < 6; i++) {
                y = y.matmul(a).softmax(1);
            }
            return b.build(y);
        }
    }

    private Executable compile(Role role, UnaryOperator<NDArray> ofWeight) {
        Map<String, NDArray> constants = role == Role.CONSTANT ? Map.of("w", w) : Map.of();
        return new GraphCompiler(fake, new CompileOptions()).predictor(graph(role, ofWeight), constants, false, ROWS);
    }

    private NDArray run(Executable e, NDArray x) {
        return e.run(new NDArray[] {w}, x)[0];
    }

    /** What each of the data gives when nothing else runs. */
    private float[][] alone(Executable e) {
        float[][] results = new float[data.length][];
        for (int i = 0; i < results.length; i++) {
            results[i] = run(e, data[i]).toFloatArray();
        }
        return results;
    }

    @Test
    void anArenaWaitsForTheQueueThatLeftIt() {
        try (Executable e = compile(Role.WEIGHT, a -> a)) {
            float[][] expected = alone(e);
            for (int i = 0; i < ROUNDS; i++) {
                try (Context first = Context.open(DEVICE)) {
                    NDArray x = run(e, data[0]);
                    try (Context second = Context.open(DEVICE)) {
                        assertArrayEquals(expected[1], run(e, data[1]).toFloatArray());
                    }
                    assertArrayEquals(expected[0], x.toFloatArray());
                }
            }
        }
    }

    @Test
    void threadsWithQueuesOfTheirOwnShareAProgram() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (Executable e = compile(Role.WEIGHT, a -> a.exp().mul(0.1))) {
            float[][] expected = alone(e);
            List<Future<?>> both = new ArrayList<>();
            for (int t = 0; t < 2; t++) {
                int own = 2 * t;
                both.add(threads.submit(() -> {
                    try (Context task = Context.open(DEVICE);
                            Scope arrays = Scope.open()) {
                        for (int i = 0; i < ROUNDS; i++) {
                            NDArray[] results = new NDArray[8];
                            Arrays.setAll(results, k -> run(e, data[own + k % 2]));
                            for (int k = 0; k < results.length; k++) {
                                assertArrayEquals(expected[own + k % 2], results[k].toFloatArray());
                            }
                        }
                    }
                }));
            }
            for (Future<?> one : both) {
                one.get();
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void aBackwardPassWaitsForTheQueueOfTheForwardPass() {
        NDArray head = NDArray.ones(ROWS.shape(), DType.FLOAT32);
        NDArray[] weights = {w};
        context.queue().synchronize(Duration.ofSeconds(60));
        GraphCompiler compiler = new GraphCompiler(fake, new CompileOptions());
        try (Executable e = compiler.differentiable(graph(Role.WEIGHT, a -> a), Map.of(), true, Set.of("w"), ROWS)) {
            float[] expected = e.begin(weights, data[0]).backward(head)[0].toFloatArray();
            for (int i = 0; i < ROUNDS; i++) {
                Executable.Call call = e.begin(weights, data[0]);
                try (Context other = Context.open(DEVICE)) {
                    assertArrayEquals(expected, call.backward(head)[0].toFloatArray());
                }
            }
        }
    }

    @Test
    void packedWeightsAreReadAfterTheyWereMade() {
        try (Executable alone = compile(Role.WEIGHT, a -> a.exp().mul(0.1))) {
            float[] expected = run(alone, data[0]).toFloatArray();
            for (int i = 0; i < ROUNDS; i++) {
                try (Executable e = compile(Role.WEIGHT, a -> a.exp().mul(0.1))) {
                    e.run(new NDArray[] {w}, data[1]);
                    try (Context other = Context.open(DEVICE)) {
                        assertArrayEquals(expected, run(e, data[0]).toFloatArray());
                    }
                }
            }
        }
    }

    @Test
    void foldedConstantsAreReadAfterTheyWereMade() {
        UnaryOperator<NDArray> folded = c -> c.exp().matmul(c).mul(0.1);
        try (Executable alone = compile(Role.CONSTANT, folded)) {
            float[] expected = run(alone, data[0]).toFloatArray();
            for (int i = 0; i < ROUNDS; i++) {
                try (Executable e = compile(Role.CONSTANT, folded);
                        Context other = Context.open(DEVICE)) {
                    assertArrayEquals(expected, run(e, data[0]).toFloatArray());
                }
            }
        }
    }
}
