package io.kiln.compile;

import io.kiln.compile.internal.AddRelu;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.activation.Relu;
import io.kiln.op.activation.Sigmoid;
import io.kiln.op.math.Add;
import io.kiln.op.math.Tanh;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.Linear;

/**
 * Fuses products and convolutions with the following activation, which is applied while the result is still in the
 * cache, and bfloat16 sums with the following ReLU.
 */
final class FusePostOps implements Pass {
    private final Target target;

    FusePostOps(Target target) {
        this.target = target;
    }

    @Override
    public Program run(Program program) {
        Graph g = program.graph();
        int[] uses = Uses.count(g);
        try (Replay replay = new Replay(program)) {
            Graph.Node[] swallowed = new Graph.Node[g.nodes().size()];
            for (Graph.Node node : g.nodes()) {
                int source = node.inputs().isEmpty() ? -1 : node.inputs().get(0).value() - g.variableCount();
                if (source >= 0
                        && activation(node.operator()) != null
                        && with(g, g.nodes().get(source), activation(node.operator())) != null
                        && uses[g.variableCount() + source] == 1) {
                    swallowed[source] = node;
                }
            }
            for (int i = 0; i < g.nodes().size(); i++) {
                Graph.Node node = g.nodes().get(i);
                int source = node.inputs().isEmpty() ? -1 : node.inputs().get(0).value() - g.variableCount();
                if (swallowed[i] != null) {
                    Operator both = with(g, node, activation(swallowed[i].operator()));
                    replay.set(i, replay.run(node, both, replay.inputs(node)));
                } else if (source >= 0 && swallowed[source] == node) {
                    replay.set(i, replay.value(node.inputs().get(0)));
                } else {
                    replay.keep(i);
                }
            }
            return replay.build();
        }
    }

    private static Activation activation(Operator operator) {
        if (operator instanceof Relu) {
            return Activation.RELU;
        }
        return operator instanceof Sigmoid ? Activation.SIGMOID : operator instanceof Tanh ? Activation.TANH : null;
    }

    /** The operator with another activation, or null if it already has one or cannot have one. */
    private Operator with(Graph g, Graph.Node node, Activation activation) {
        Operator operator = node.operator();
        if (operator instanceof Add && activation == Activation.RELU && isNarrow(g, node)) {
            return target.hasKernel(new AddRelu()) ? new AddRelu() : null;
        }
        if (operator instanceof Linear l && l.activation() == Activation.NONE) {
            return new Linear(activation);
        }
        if (operator instanceof Convolution c && c.activation() == Activation.NONE) {
            return new Convolution(c.stride(), c.pad(), c.dilation(), c.groups(), activation);
        }
        return null;
    }

    private static boolean isNarrow(Graph g, Graph.Node sum) {
        Spec y = sum.outputs().get(0);
        return y.dtype() == DType.BFLOAT16
                && sum.inputs().stream().allMatch(r -> g.spec(r).equals(y));
    }
}
