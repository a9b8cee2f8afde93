package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.activation.Relu;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.MaxPool;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Moves max pooling before a ReLU: max(relu(x)) = relu(max(x)), and so is its gradient, because a window without a
 * positive element passes none. The ReLU and its gradient then work on the smaller array. Runs before differentiation.
 */
final class PoolBeforeRelu implements Pass {
    @Override
    public Program run(Program program) {
        Graph g = program.graph();
        int first = g.variableCount();
        int[] uses = Uses.count(g);
        boolean[] turned = new boolean[g.nodes().size()];
        boolean any = false;
        Set<Integer> places = placesUsed(g);
        for (int i = 0; i < turned.length; i++) {
            Graph.Node node = g.nodes().get(i);
            int source = node.inputs().isEmpty() ? -1 : node.inputs().get(0).value() - first;
            if (node.operator() instanceof MaxPool
                    && source >= 0
                    && !places.contains(first + i)
                    && uses[first + source] == 1
                    && isRelu(g.nodes().get(source).operator())) {
                turned[source] = true;
                any = true;
            }
        }
        return any ? rewrite(program, turned) : program;
    }

    /**
     * Values whose second output is used: the positions of the maxima of such a pooling. Among negative elements they
     * differ.
     */
    private static Set<Integer> placesUsed(Graph g) {
        Set<Integer> used = new HashSet<>();
        Stream.concat(g.nodes().stream().flatMap(n -> n.inputs().stream()), g.outputs().stream())
                .filter(r -> r.output() == 1)
                .forEach(r -> used.add(r.value()));
        return used;
    }

    private static Program rewrite(Program program, boolean... turned) {
        Graph g = program.graph();
        int first = g.variableCount();
        try (Replay replay = new Replay(program)) {
            for (int i = 0; i < turned.length; i++) {
                Graph.Node node = g.nodes().get(i);
                int source = node.inputs().isEmpty() ? -1 : node.inputs().get(0).value() - first;
                if (turned[i]) {
                    replay.set(i, withoutRelu(replay, node));
                } else if (node.operator() instanceof MaxPool && source >= 0 && turned[source]) {
                    NDArray[] pooled = replay.run(node, node.operator(), replay.inputs(node));
                    replay.set(i, replay.run(node, new Relu(), pooled[0])[0], pooled[1]);
                } else {
                    replay.keep(i);
                }
            }
            return replay.build();
        }
    }

    private static boolean isRelu(Operator operator) {
        return operator instanceof Relu || operator instanceof Convolution c && c.activation() == Activation.RELU;
    }

    private static NDArray[] withoutRelu(Replay replay, Graph.Node node) {
        if (node.operator() instanceof Convolution c) {
            Operator plain = new Convolution(c.stride(), c.pad(), c.dilation(), c.groups(), Activation.NONE);
            return replay.run(node, plain, replay.inputs(node));
        }
        return replay.inputs(node);
    }
}
