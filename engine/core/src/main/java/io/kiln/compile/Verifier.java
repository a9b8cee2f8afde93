package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.distributed.CrossWorkerSum;
import io.kiln.op.internal.AcrossWorkers;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Checks after a pass that the program is still well formed and still has the same inputs, parameters and outputs. */
final class Verifier {
    private Verifier() {}

    /**
     * Checks a program by itself.
     *
     * @throws IllegalStateException if a node's shapes contradict its operator's rule, a shape is unknown, a constant
     *     does not match its parameter, or a gradient does not match its variable
     */
    static void check(String pass, Program program) {
        Graph g = program.graph();
        for (Graph.Node node : g.nodes()) {
            Spec[] inputs = node.inputs().stream().map(g::spec).toArray(Spec[]::new);
            List<Spec> outputs = Arrays.asList(node.operator().infer(inputs));
            if (!outputs.equals(node.outputs())) {
                throw failed(pass, "node " + node.name() + " gives " + outputs + ", its rule says " + node.outputs());
            }
            for (Spec s : outputs) {
                if (!s.shape().isKnown()) {
                    throw failed(pass, "node " + node.name() + " has the unknown shape " + s);
                }
            }
        }
        constants(pass, program);
        heads(pass, program);
        Map<String, Spec> variables = variables(g);
        for (int i = 0; i < program.gradients().size(); i++) {
            if (program.rowsOf(i) >= 0) {
                continue;
            }
            Spec gradient = g.spec(g.outputs().get(program.outputCount() + i));
            Spec variable = variables.get(program.gradients().get(i));
            if (variable == null) {
                throw failed(
                        pass,
                        "there is no input or parameter " + program.gradients().get(i) + " to differentiate");
            }
            if (i + 1 < program.gradients().size() && program.rowsOf(i + 1) >= 0) {
                Spec numbers = g.spec(g.outputs().get(program.outputCount() + i + 1));
                variable = new Spec(variable.shape().with(0, numbers.shape().size()), variable.dtype());
            }
            if (!gradient.equals(variable)) {
                throw failed(
                        pass,
                        "the gradient of " + program.gradients().get(i) + " is " + gradient + ", not " + variable);
            }
        }
    }

    private static void constants(String pass, Program program) {
        for (Graph.ParameterInfo p : program.graph().parameters()) {
            NDArray value = program.constants().get(p.name());
            if (value != null && !value.spec().equals(p.spec())) {
                throw failed(pass, "the constant " + p.name() + " is " + value.spec() + ", not " + p.spec());
            }
        }
    }

    private static void heads(String pass, Program program) {
        Graph g = program.graph();
        for (int i = 0; i < program.heads().size(); i++) {
            int output = program.heads().get(i);
            Spec head = g.inputs().get(program.dataCount() + i).spec();
            Spec spec = g.spec(g.outputs().get(output));
            if (!head.equals(spec)) {
                throw failed(pass, "the gradient of output " + output + " is given as " + head + ", not " + spec);
            }
        }
    }

    /** Shapes and dtypes of inputs and parameters. */
    private static Map<String, Spec> variables(Graph g) {
        Map<String, Spec> specs = new HashMap<>();
        g.parameters().forEach(p -> specs.put(p.name(), p.spec()));
        g.inputs().forEach(i -> specs.put(i.name(), i.spec()));
        return specs;
    }

    /**
     * Checks that a pass has kept the interface of a program.
     *
     * @throws IllegalStateException if inputs, parameters, outputs or updates have changed
     */
    static void compare(String pass, Program before, Program after) {
        Graph a = before.graph();
        Graph b = after.graph();
        same(pass, "inputs", a.inputs(), b.inputs());
        same(pass, "outputs", specs(a), specs(b));
        same(pass, "heads", before.heads(), after.heads());
        same(pass, "gradients", before.gradients(), after.gradients());
        if (!hidesSums(a)) {
            same(pass, "sums over the workers", sums(a), sums(b));
        }
        same(pass, "parameters", parameters(before), parameters(after));
        same(
                pass,
                "updates",
                a.updates().stream().map(Graph.Update::parameter).toList(),
                b.updates().stream().map(Graph.Update::parameter).toList());
    }

    /** Whether sums over the workers are parts of operators that are not decomposed yet. */
    private static boolean hidesSums(Graph g) {
        return g.nodes().stream()
                .anyMatch(n -> n.operator() instanceof AcrossWorkers && !(n.operator() instanceof CrossWorkerSum));
    }

    private static List<String> sums(Graph g) {
        return g.nodes().stream()
                .filter(n -> n.operator() instanceof CrossWorkerSum)
                .map(Graph.Node::name)
                .toList();
    }

    private static List<Spec> specs(Graph g) {
        return g.outputs().stream().map(g::spec).toList();
    }

    private static List<Graph.ParameterInfo> parameters(Program p) {
        return p.graph().parameters().stream()
                .filter(i -> !p.constants().containsKey(i.name()))
                .toList();
    }

    private static void same(String pass, String what, Object before, Object after) {
        if (!before.equals(after)) {
            throw failed(pass, "the " + what + " were " + before + " and are " + after);
        }
    }

    private static IllegalStateException failed(String pass, String why) {
        return new IllegalStateException("compile: pass " + pass + " broke the program: " + why);
    }
}
