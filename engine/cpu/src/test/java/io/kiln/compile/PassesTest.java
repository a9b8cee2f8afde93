package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Lambda;
import io.kiln.nn.Pool;
import io.kiln.nn.Sequential;
import io.kiln.op.Activation;
import io.kiln.op.Neural;
import io.kiln.symbol.Graph;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What each pass does to a small program, and that the verifier looks. */
class PassesTest {
    private static final Spec MATRIX = new Spec(Shape.of(2, 6), DType.FLOAT32);

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Program program(Block block, boolean training, Spec... inputs) {
        Block.Traced traced = block.capture(block::forwardAll, inputs);
        return new Program(traced.graph(), traced.constants(), training);
    }

    private static Program program(UnaryOperator<NDArray> code) {
        return program(new Lambda(code), false, MATRIX);
    }

    private static Program run(Pass pass, Program before) {
        Program after = pass.run(before);
        Verifier.check(pass.name(), after);
        Verifier.compare(pass.name(), before, after);
        return after;
    }

    private static Program decomposed(Block block) {
        try (Autograd.Mode train = Autograd.trainMode()) {
            return run(new Decompose(Backends.current().target()), program(block, true, MATRIX));
        }
    }

    private static List<String> operators(Program p) {
        return p.graph().nodes().stream().map(n -> n.operator().name()).toList();
    }

    @Test
    void inferShapesGivesEveryValueItsShape() {
        Program unknown = program(new Dense(3), false, new Spec(Shape.of(Shape.UNKNOWN, 6), DType.FLOAT32));
        assertThrows(IllegalStateException.class, () -> Verifier.check("traced", unknown));
        Program known = new InferShapes(List.of(MATRIX)).run(unknown);
        Verifier.check("inferShapes", known);
        assertEquals(
                Shape.of(2, 3),
                known.graph().spec(known.graph().outputs().get(0)).shape());
    }

    @Test
    void differentiateOrdersGradientsAsTheBackwardPassEndsThem() {
        Block net = new Sequential(new Dense(4), new Dense(3));
        Program p = new Differentiate(Set.of("input", "0.weight", "0.bias", "1.weight", "1.bias"), false)
                .run(program(net, true, MATRIX));
        Verifier.check("differentiate", p);
        assertEquals(List.of("1.weight", "1.bias", "input", "0.weight", "0.bias"), p.gradients());
        assertEquals(List.of(0), p.heads());
        assertEquals(1, p.dataCount());
        assertEquals(1, p.outputCount());
    }

    @Test
    void decomposeWritesOperatorsWithoutKernelAsTheirParts() {
        Program p = decomposed(new Dropout(0.5));
        assertEquals(List.of("randomBernoulli", "mulScalar", "mul"), operators(p));
    }

    @Test
    void constantsAreFolded() {
        NDArray c = NDArray.of(Shape.of(6), 1, 2, 3, 4, 5, 6);
        Program p = program(x -> x.add(c.mul(2).square().sum(0)));
        assertEquals(List.of("add"), operators(p));
    }

    @Test
    void simplifyLeavesOutWhatChangesNothing() {
        Program p = program(x -> x.mul(1)
                .cast(DType.FLOAT32)
                .copy()
                .reshape(3, 4)
                .flatten(1)
                .reshape(2, 6)
                .neg());
        assertEquals(List.of("neg"), operators(run(new DeadNodes(), run(new Simplify(), p))));
    }

    @Test
    void commonSubexpressionsAreComputedOnceButRandomNumbersAreNot() {
        Program p = program(x -> x.exp().add(x.exp()));
        assertEquals(List.of("exp", "add"), operators(run(new CommonSubexpressions(), p)));
        Block twice = new Lambda(x -> Neural.dropout(x, 0.5).add(Neural.dropout(x, 0.5)));
        Program random = decomposed(twice);
        assertEquals(
                2,
                operators(run(new CommonSubexpressions(), random)).stream()
                        .filter("randomBernoulli"::equals)
                        .count());
    }

    @Test
    void deadNodesAreLeftOut() {
        Program p = program(x -> {
            x.exp().sum();
            return x.neg();
        });
        assertEquals(List.of("neg"), operators(run(new DeadNodes(), p)));
    }

    @Test
    void activationsJoinTheProductBeforeThem() {
        Block net = new Sequential(new Dense(4), new Lambda(NDArray::relu));
        Program p =
                run(new DeadNodes(), run(new FusePostOps(Backends.current().target()), program(net, false, MATRIX)));
        assertEquals(List.of("linear"), operators(p));
        assertTrue(p.graph().nodes().get(0).operator().toString().contains("RELU"));
    }

    @Test
    void poolingComesBeforeReluOfAConvolutionThatNobodyElseUses() {
        Block net = new Sequential(
                Conv2D.builder()
                        .channels(3)
                        .kernel(3)
                        .activation(Activation.RELU)
                        .build(),
                Pool.max2D(2));
        Program p = run(new PoolBeforeRelu(), program(net, true, new Spec(Shape.of(2, 1, 8, 8), DType.FLOAT32)));
        assertEquals(List.of("convolution", "maxPool", "relu"), operators(p));
        assertTrue(p.graph().nodes().get(0).operator().toString().contains("NONE"));
    }

    @Test
    void pointwiseChainsBecomeOneProgramWithSeveralOutputs() {
        Program p = program(x -> {
            NDArray y = x.mul(2).exp();
            return y.add(y.sum(1).expandDims(-1)).sqrt();
        });
        Program fused = run(new FusePointwise(Backends.current().target()), p);
        assertEquals(
                2, operators(fused).stream().filter("fusedPointwise"::equals).count());
        assertEquals(4, operators(fused).size());
    }

    @Test
    void fusionMakesNoCycle() {
        Program p = program(x -> {
            NDArray a = x.square();
            NDArray outside = a.softmax(1);
            return a.exp().add(outside).mul(a);
        });
        Program fused = run(new FusePointwise(Backends.current().target()), p);
        assertEquals(3, operators(fused).size());
    }

    @Test
    void memoryIsSharedAndWrittenInPlace() {
        Program p = program(x -> {
            NDArray y = x;
            for (int i = 0; i < 6; i++) {
                y = y.softmax(1);
            }
            return y.sum();
        });
        MemoryPlan plan = MemoryPlan.of(
                Lowering.lower(p, Backends.current().target(), p.graph().parameters()));
        assertEquals(128, plan.bytes());
        assertEquals(6 * 64, plan.naiveBytes());
    }

    @Test
    void valuesThatLiveAtOnceDoNotOverlap() {
        Program p = program(x -> x.softmax(1).add(x.exp().softmax(0)).sum());
        Code code = Lowering.lower(p, Backends.current().target(), p.graph().parameters());
        MemoryPlan plan = MemoryPlan.of(code);
        Step[] steps = code.steps();
        for (int i = 0; i < steps.length; i++) {
            for (int in : steps[i].inputs()) {
                for (int out : steps[i].outputs()) {
                    long a = plan.offsets()[code.slots()[in].root()];
                    long b = plan.offsets()[out];
                    assertTrue(a < 0 || b < 0 || a != b, steps[i].name());
                }
            }
        }
    }

    @Test
    void theVerifierNamesThePassThatBreaksAProgram() {
        Program p = program(NDArray::neg);
        Graph g = p.graph();
        Graph.Node bad = new Graph.Node(
                "bad",
                g.nodes().get(0).operator(),
                g.nodes().get(0).inputs(),
                List.of(new Spec(Shape.of(7), DType.FLOAT32)));
        Graph broken = new Graph(g.inputs(), g.parameters(), List.of(bad), g.outputs(), g.updates());
        IllegalStateException e = assertThrows(
                IllegalStateException.class, () -> Verifier.check("somePass", new Program(broken, Map.of(), false)));
        assertTrue(e.getMessage().contains("somePass") && e.getMessage().contains("bad"), e.getMessage());
    }

    @Test
    void explainShowsEachStage() {
        Graph g = new Sequential(new Dense(4, Activation.RELU), new Dense(2)).trace(MATRIX);
        String text = g.explain(false, MATRIX);
        assertTrue(text.contains("== traced") && text.contains("== fusePointwise") && text.contains("== memory"), text);
    }

    @Test
    void unoptimizedProgramsComputeTheSame() {
        try (Block a = new Sequential(
                        new Dense(4, Activation.TANH), new Lambda(x -> x.mul(2).exp()), new Dense(2));
                Block b = new Sequential(
                        new Dense(4, Activation.TANH), new Lambda(x -> x.mul(2).exp()), new Dense(2))) {
            a.initialize(1);
            b.initialize(1);
            b.hybridize(new CompileOptions(false));
            NDArray x = NDArray.arange(0, 12, 1, DType.FLOAT32).reshape(2, 6).copy();
            assertArrayEquals(a.call(x).toFloatArray(), b.call(x).toFloatArray());
        }
    }
}
