package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Lambda;
import io.kiln.op.Dispatch;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomOps;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** Programs for the tests of passes, and what must hold of any pass. */
final class Programs {
    static final Spec MATRIX = new Spec(Shape.of(2, 6), DType.FLOAT32);

    private Programs() {}

    static Program of(Block block, boolean training, Spec... inputs) {
        Block.Traced traced = block.capture(block::forwardAll, inputs);
        return new Program(traced.graph(), traced.constants(), training);
    }

    static Program of(UnaryOperator<NDArray> code) {
        return of(new Lambda(code), false, MATRIX);
    }

    static Program random(long seed, boolean training) {
        RandomNetwork network = new RandomNetwork(seed);
        return of(network, training, network.inputs());
    }

    /** A program with the gradients of everything that has one. */
    static Program differentiated(Program p) {
        Set<String> variables = new HashSet<>();
        p.graph().inputs().forEach(i -> variables.add(i.name()));
        p.graph().parameters().stream().filter(i -> i.role().isTrained()).forEach(i -> variables.add(i.name()));
        return new Differentiate(Backends.current(), variables, false).run(p);
    }

    /** Runs a pass under the eyes of the verifier. */
    static Program run(Pass pass, Program before) {
        Program after = pass.run(before);
        Verifier.check(pass.name(), after);
        Verifier.compare(pass.name(), before, after);
        return after;
    }

    static Target target() {
        return Target.of(Backends.current());
    }

    static Program decomposed(Block block) {
        try (Autograd.Mode train = Autograd.trainMode()) {
            return run(new Decompose(new Plans(Backends.current())), of(block, true, MATRIX));
        }
    }

    static List<String> operators(Program p) {
        return p.graph().nodes().stream().map(n -> n.operator().name()).toList();
    }

    static long count(Program p, String operator) {
        return operators(p).stream().filter(operator::equals).count();
    }

    /** Two programs give the same, run operator by operator on the same random inputs and parameters. */
    static void assertSame(String what, Program before, Program after) {
        try (Scope scope = Scope.open()) {
            NDArray[] expected = interpret(before);
            NDArray[] got = interpret(after);
            assertEquals(expected.length, got.length, what);
            for (int i = 0; i < expected.length; i++) {
                assertEquals(expected[i].spec(), got[i].spec(), what + ", result " + i);
                double tolerance = expected[i].dtype() == DType.FLOAT64 ? 1e-9 : 1e-4;
                double[] a = expected[i].toDoubleArray();
                double[] b = got[i].toDoubleArray();
                for (int k = 0; k < a.length; k++) {
                    if (!(Math.abs(a[k] - b[k]) <= tolerance * (1 + Math.abs(a[k]))) && Double.isFinite(a[k])) {
                        fail(what + ", result " + i + ", element " + k + ": " + a[k] + " before, " + b[k] + " after");
                    }
                }
            }
        }
    }

    private static NDArray[] interpret(Program p) {
        RandomGenerator.seed(9);
        Map<String, NDArray> values = new HashMap<>();
        for (Graph.ParameterInfo info : p.graph().parameters()) {
            NDArray constant = p.constants().get(info.name());
            if (constant == null) {
                RandomGenerator.seed(info.name().hashCode());
                Spec s = info.spec();
                values.put(info.name(), RandomOps.uniform(s.shape(), 0.5, 1.5, s.dtype()));
            } else {
                values.put(info.name(), constant);
            }
        }
        NDArray[] inputs = new NDArray[p.graph().inputs().size()];
        RandomGenerator.seed(10);
        for (int i = 0; i < inputs.length; i++) {
            Spec s = p.graph().inputs().get(i).spec();
            inputs[i] = RandomOps.normal(s.shape(), 0, 1, s.dtype());
        }
        RandomGenerator.seed(11);
        try (Autograd.Mode mode = Autograd.pauseInMode(p.training())) {
            return interpret(p.graph(), values, inputs);
        }
    }

    /** Outputs, then the values that overwrite parameters. */
    private static NDArray[] interpret(Graph g, Map<String, NDArray> parameters, NDArray... inputs) {
        List<NDArray[]> values = new ArrayList<>();
        for (NDArray x : inputs) {
            values.add(new NDArray[] {x});
        }
        g.parameters().forEach(p -> values.add(new NDArray[] {parameters.get(p.name())}));
        for (Graph.Node n : g.nodes()) {
            NDArray[] in = n.inputs().stream()
                    .map(r -> values.get(r.value())[r.output()])
                    .toArray(NDArray[]::new);
            if (n.operator() instanceof FusedPointwise f) {
                NDArray[] out = n.outputs().stream()
                        .map(s -> NDArray.empty(s.shape(), s.dtype()))
                        .toArray(NDArray[]::new);
                Backends.current().run(f.program(), in, out);
                values.add(out);
            } else {
                values.add(Dispatch.run(n.operator(), in));
            }
        }
        return Stream.concat(g.outputs().stream(), g.updates().stream().map(Graph.Update::value))
                .map(r -> values.get(r.value())[r.output()])
                .toArray(NDArray[]::new);
    }
}
