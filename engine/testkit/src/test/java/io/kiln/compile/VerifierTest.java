package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.Dense;
import io.kiln.nn.Lambda;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each thing that the verifier looks for, by a program that is broken in it. */
class VerifierTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Program program() {
        return Programs.of(NDArray::neg);
    }

    private static Program trained() {
        return Programs.differentiated(Programs.of(new Dense(3), true, Programs.MATRIX));
    }

    private static Program with(Program p, Graph g) {
        return new Program(g, p.constants(), p.heads(), p.gradients(), p.training());
    }

    private static Graph with(Graph g, List<Graph.Node> nodes, List<Graph.Ref> outputs) {
        return new Graph(g.inputs(), g.parameters(), nodes, outputs, g.updates());
    }

    private static void broken(String why, Program p) {
        IllegalStateException e = assertThrows(IllegalStateException.class, () -> Verifier.check("somePass", p));
        assertTrue(e.getMessage().contains("somePass") && e.getMessage().contains(why), e.getMessage());
    }

    private static void broken(String why, Program before, Program after) {
        Verifier.compare("somePass", before, before);
        IllegalStateException e =
                assertThrows(IllegalStateException.class, () -> Verifier.compare("somePass", before, after));
        assertTrue(e.getMessage().contains("somePass") && e.getMessage().contains(why), e.getMessage());
    }

    @Test
    void goodProgramsPass() {
        Verifier.check("somePass", program());
        Verifier.check("somePass", trained());
        for (long seed = 0; seed < 20; seed++) {
            Program p = Programs.differentiated(Programs.random(seed, true));
            Verifier.check("somePass", p);
            Verifier.compare("somePass", p, p);
        }
    }

    @Test
    void aNodeWhoseShapeIsNotThatOfItsRule() {
        Graph g = program().graph();
        Graph.Node n = g.nodes().get(0);
        Graph.Node bad = new Graph.Node("bad", n.operator(), n.inputs(), List.of(new Spec(Shape.of(7), DType.FLOAT32)));
        broken("node bad gives", with(program(), with(g, List.of(bad), g.outputs())));
    }

    @Test
    void aNodeWhoseTypeIsNotThatOfItsRule() {
        Graph g = program().graph();
        Graph.Node n = g.nodes().get(0);
        Graph.Node bad =
                new Graph.Node("bad", n.operator(), n.inputs(), List.of(new Spec(Shape.of(2, 6), DType.FLOAT64)));
        broken("node bad gives", with(program(), with(g, List.of(bad), g.outputs())));
    }

    @Test
    void anUnknownShape() {
        broken("unknown shape", Programs.of(new Dense(3), false, new Spec(Shape.of(Shape.UNKNOWN, 6), DType.FLOAT32)));
    }

    @Test
    void aGradientThatIsNotLikeItsVariable() {
        Program p = trained();
        List<String> swapped = new ArrayList<>(p.gradients());
        swapped.add(swapped.remove(0));
        broken("the gradient of", new Program(p.graph(), p.constants(), p.heads(), swapped, true));
    }

    @Test
    void aGradientOfNothing() {
        Program p = trained();
        List<String> names = new ArrayList<>(p.gradients());
        names.set(0, "nobody");
        broken("nobody", new Program(p.graph(), p.constants(), p.heads(), names, true));
    }

    @Test
    void anInputThatIsNotLikeTheOutputWhoseGradientItIs() {
        Program p = Programs.differentiated(Programs.of(new Lambda(x -> x.sum(0)), true, Programs.MATRIX));
        List<Graph.Input> inputs = new ArrayList<>(p.graph().inputs());
        inputs.set(1, new Graph.Input(inputs.get(1).name(), new Spec(Shape.of(1, 6), DType.FLOAT32)));
        Graph g = p.graph();
        Graph changed = new Graph(inputs, g.parameters(), g.nodes(), g.outputs(), g.updates());
        broken("the gradient of output 0", with(p, changed));
    }

    @Test
    void aConstantThatIsNotLikeItsParameter() {
        NDArray c = NDArray.of(1, 2, 3, 4, 5, 6);
        Program p = Programs.of(x -> x.add(c));
        String name = p.graph().parameters().get(0).name();
        broken("constant " + name, new Program(p.graph(), Map.of(name, NDArray.of(1, 2)), false));
    }

    @Test
    void inputsThatWereChanged() {
        Program p = program();
        Graph g = p.graph();
        List<Graph.Input> other = List.of(new Graph.Input("other", Programs.MATRIX));
        broken("inputs", p, with(p, new Graph(other, g.parameters(), g.nodes(), g.outputs(), g.updates())));
    }

    @Test
    void outputsThatWereChanged() {
        broken("outputs", program(), Programs.of(x -> x.sum(0)));
        Program p = program();
        Graph g = p.graph();
        broken(
                "outputs",
                p,
                with(
                        p,
                        with(
                                g,
                                g.nodes(),
                                List.of(g.outputs().get(0), g.outputs().get(0)))));
    }

    @Test
    void gradientsAndHeadsThatWereChanged() {
        Program p = trained();
        List<String> fewer = p.gradients().subList(1, p.gradients().size());
        broken("gradients", p, new Program(p.graph(), p.constants(), p.heads(), fewer, true));
        broken("heads", p, new Program(p.graph(), p.constants(), List.of(), p.gradients(), true));
    }

    @Test
    void parametersThatWereChanged() {
        broken(
                "parameters",
                Programs.of(new Dense(3), false, Programs.MATRIX),
                Programs.of(Dense.builder().units(3).useBias(false).build(), false, Programs.MATRIX));
    }

    @Test
    void updatesThatWereChanged() {
        Spec image = new Spec(Shape.of(4, 3, 2, 2), DType.FLOAT32);
        Program p = Programs.of(new BatchNorm(), true, image);
        Graph g = p.graph();
        assertEquals(2, g.updates().size());
        Graph fewer = new Graph(
                g.inputs(), g.parameters(), g.nodes(), g.outputs(), g.updates().subList(0, 1));
        broken("updates", p, with(p, fewer));
    }
}
