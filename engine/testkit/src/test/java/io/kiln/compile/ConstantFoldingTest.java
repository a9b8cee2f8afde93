package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backends;
import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.init.Ones;
import io.kiln.init.Zeros;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Parameter;
import io.kiln.op.Dispatch;
import io.kiln.op.Role;
import io.kiln.op.random.RandomGamma;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Calls whose inputs are all constants are made when a program is rewritten, and never again. */
class ConstantFoldingTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** x + 2c, where c is a constant that was read with the graph, as from a file. */
    private static Program withConstant(UnaryOperator<NDArray> ofConstant) {
        try (GraphBuilder b = GraphBuilder.open()) {
            NDArray x = b.input("x", Programs.MATRIX);
            NDArray c = b.parameter("c", new Spec(Shape.of(6), DType.FLOAT32), Role.CONSTANT, new Zeros());
            Graph g = b.build(x.add(ofConstant.apply(c)));
            return new Program(g, Map.of("c", NDArray.of(1, 2, 3, 4, 5, 6)), false);
        }
    }

    private static NDArray onlyConstant(Program p) {
        List<NDArray> used = p.graph().parameters().stream()
                .map(i -> p.constants().get(i.name()))
                .toList();
        assertEquals(1, used.size());
        return used.get(0);
    }

    @Test
    void chainsOfConstantsBecomeOneConstant() {
        Program before = withConstant(c -> c.mul(2).square().sub(1));
        assertEquals(4, before.graph().nodes().size());
        Program after = Programs.run(new DeadNodes(), before);
        assertEquals(List.of("add"), Programs.operators(after));
        assertArrayEquals(
                new float[] {3, 15, 35, 63, 99, 143}, onlyConstant(after).toFloatArray());
        Programs.assertSame("folded", before, after);
    }

    @Test
    void reductionsAndViewsAreFoldedToo() {
        Program before = withConstant(
                c -> c.reshape(2, 3).sum(0).broadcastTo(Shape.of(2, 3)).reshape(6));
        Program after = Programs.run(new CommonSubexpressions(), before);
        assertEquals(List.of("add"), Programs.operators(after));
        assertArrayEquals(new float[] {5, 7, 9, 5, 7, 9}, onlyConstant(after).toFloatArray());
    }

    @Test
    void constantsOfTheTracedCodeAreFoldedWhileItIsTraced() {
        NDArray c = NDArray.of(Shape.of(6), 1, 2, 3, 4, 5, 6);
        Program p = Programs.of(x -> x.add(c.mul(2).square().sum(0)));
        assertEquals(List.of("add"), Programs.operators(p));
    }

    @Test
    void whatDependsOnDataOrParametersStays() {
        Block net = new Block() {
            private final Parameter w = addParameter(new Parameter("w", Role.WEIGHT, new Ones()));

            @Override
            public NDArray forward(NDArray x) {
                return x.add(w.complete(Shape.of(6)).data().mul(NDArray.of(1, 2, 3, 4, 5, 6)));
            }
        };
        Program p = Programs.run(new DeadNodes(), Programs.of(net, false, Programs.MATRIX));
        assertEquals(List.of("mul", "add"), Programs.operators(p));
    }

    @Test
    void drawsAreNotFolded() {
        Program before = withConstant(c -> Dispatch.one(new RandomGamma(), c));
        Program after = Programs.run(new DeadNodes(), before);
        assertEquals(List.of("randomGamma", "add"), Programs.operators(after));
    }

    @Test
    void foldedConstantsAreFreedWithTheProgram() {
        long before = Backends.current().allocator().liveBytes();
        Graph g = withConstant(c -> c.mul(2)).graph();
        NDArray c = NDArray.of(1, 2, 3, 4, 5, 6);
        long given = Backends.current().allocator().liveBytes() - before;
        GraphCompiler compiler = new GraphCompiler(Backends.current(), new CompileOptions());
        try (Executable e = compiler.predictor(g, Map.of("c", c), false, Programs.MATRIX)) {
            NDArray x = NDArray.zeros(Shape.of(2, 6), DType.FLOAT32);
            try (Executable.Call call = e.begin(new NDArray[] {c}, new NDArray[] {x})) {
                assertArrayEquals(
                        new float[] {2, 4, 6, 8, 10, 12, 2, 4, 6, 8, 10, 12}, call.outputs()[0].toFloatArray());
            }
        }
        scope.close();
        long left = Backends.current().allocator().liveBytes() - before;
        assertTrue(left <= 0, left + " bytes left, constant " + given);
        scope = Scope.open();
    }
}
