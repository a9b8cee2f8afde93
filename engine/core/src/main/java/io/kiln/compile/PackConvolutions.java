package io.kiln.compile;

import io.kiln.compile.internal.FusedConvolution;
import io.kiln.compile.internal.PackWeights;
import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Cast;
import io.kiln.op.Operator;
import io.kiln.op.nn.Convolution;

/**
 * Separates the packing of weights from convolutions in predictions: weights are parameters, and
 * {@link WeightPrepacking} packs them once. A training step has new weights each time, and packing costs the same in
 * either place.
 */
final class PackConvolutions implements Pass {
    private final Target target;

    PackConvolutions(Target target) {
        this.target = target;
    }

    @Override
    public Program run(Program program) {
        Graph g = program.graph();
        if (program.training() || !program.gradients().isEmpty()) {
            return program;
        }
        Packing[] packings = new Packing[g.nodes().size()];
        boolean any = false;
        for (int i = 0; i < packings.length; i++) {
            Graph.Node node = g.nodes().get(i);
            FusedConvolution c = fused(node);
            if (c != null && isParameter(g, node.inputs().get(1))) {
                packings[i] =
                        target.packing(c, node.inputs().stream().map(g::spec).toArray(Spec[]::new));
                any |= packings[i] != null;
            }
        }
        return any ? rewrite(program, packings) : program;
    }

    private static Program rewrite(Program program, Packing... packings) {
        Graph g = program.graph();
        try (Replay replay = new Replay(program)) {
            for (int i = 0; i < packings.length; i++) {
                Graph.Node node = g.nodes().get(i);
                Packing packing = packings[i];
                if (packing == null) {
                    replay.keep(i);
                } else {
                    FusedConvolution c = fused(node);
                    NDArray[] in = replay.inputs(node);
                    in[1] = replay.run(node, new PackWeights(c.convolution().groups(), packing), in[1])[0];
                    replay.set(i, replay.run(node, c.with(packing), in));
                }
            }
            return replay.build();
        }
    }

    /** The node as a convolution whose weights can be packed, or null if it is not one. */
    private static FusedConvolution fused(Graph.Node node) {
        Operator op = node.operator();
        if (op instanceof Convolution c && node.inputs().size() == 2) {
            return new FusedConvolution(c, false, false, null);
        }
        return op instanceof FusedConvolution f ? f : null;
    }

    private static boolean isParameter(Graph g, Graph.Ref value) {
        int node = value.value() - g.variableCount();
        if (node < 0) {
            return value.value() >= g.inputs().size();
        }
        Graph.Node n = g.nodes().get(node);
        return n.operator() instanceof Cast && isParameter(g, n.inputs().get(0));
    }
}
