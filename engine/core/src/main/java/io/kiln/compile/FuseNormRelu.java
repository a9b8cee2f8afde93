package io.kiln.compile;

import io.kiln.compile.internal.FusedBatchNorm;
import io.kiln.compile.internal.FusedBatchNormGradient;
import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Operator;
import io.kiln.op.activation.Relu;
import io.kiln.op.internal.BatchNormGradient;
import io.kiln.op.internal.ReluGradient;
import io.kiln.op.nn.BatchNormOp;
import java.util.Map;

/**
 * Fuses batch normalisation in train mode with the following ReLU, and the gradients of both: the rectified result is
 * written directly, and its gradient is masked while the gradient of the normalisation reads it.
 */
final class FuseNormRelu implements Pass {
    private final Target target;

    FuseNormRelu(Target target) {
        this.target = target;
    }

    @Override
    public Program run(Program program) {
        Graph g = program.graph();
        Pair[] pairs = program.training() ? pairs(g) : new Pair[0];
        if (pairs.length == 0) {
            return program;
        }
        try (Replay replay = new Replay(program)) {
            for (int i = 0; i < pairs.length; i++) {
                Pair p = pairs[i];
                Graph.Node node = g.nodes().get(i);
                if (p == null) {
                    replay.keep(i);
                } else if (i == p.norm) {
                    p.forward = replay.run(
                            node, new FusedBatchNorm((BatchNormOp) node.operator(), p.maskBytes), replay.inputs(node));
                    replay.set(i, p.forward);
                } else if (i == p.relu) {
                    replay.set(i, p.forward[0]);
                } else if (i == p.reluGradient) {
                    replay.set(i, replay.value(node.inputs().get(0))); // not masked yet: only the next one reads it
                } else {
                    NDArray[] in = replay.inputs(node);
                    Operator both = new FusedBatchNormGradient((BatchNormGradient) node.operator());
                    replay.set(i, replay.run(node, both, in[0], in[1], in[2], in[3], in[4], p.forward[5]));
                }
            }
            return replay.build();
        }
    }

    /** Four nodes that become two. */
    private static final class Pair {
        final int norm;
        final int relu;
        final long maskBytes;
        int reluGradient = -1;
        NDArray[] forward;

        Pair(int norm, int relu, long maskBytes) {
            this.norm = norm;
            this.relu = relu;
            this.maskBytes = maskBytes;
        }
    }

    /** For each node, the pair to which it belongs. */
    private Pair[] pairs(Graph g) {
        int first = g.variableCount();
        Map<Graph.Ref, Integer> uses = Uses.ofOutputs(g);
        Pair[] pairs = new Pair[g.nodes().size()];
        boolean any = false;
        for (int i = 0; i < pairs.length; i++) {
            Graph.Node gradient = g.nodes().get(i);
            Graph.Node mask = gradient.operator() instanceof BatchNormGradient b && b.training()
                    ? producer(g, gradient.inputs().get(0))
                    : null;
            Graph.Node relu = mask != null && mask.operator() instanceof ReluGradient
                    ? producer(g, mask.inputs().get(1))
                    : null;
            Graph.Node norm = relu != null && relu.operator() instanceof Relu
                    ? producer(g, relu.inputs().get(0))
                    : null;
            if (norm == null || !(norm.operator() instanceof BatchNormOp)) {
                continue;
            }
            Graph.Ref y = relu.inputs().get(0);
            boolean own = y.output() == 0
                    && uses.get(y) == 1
                    && uses.get(gradient.inputs().get(0)) == 1
                    && gradient.inputs().get(1).equals(norm.inputs().get(0))
                    && gradient.inputs().get(2).equals(norm.inputs().get(1))
                    && gradient.inputs().get(3).equals(new Graph.Ref(y.value(), 3));
            long bytes = own ? target.maskBytes(g.spec(norm.inputs().get(0))) : -1;
            if (bytes >= 0) {
                Pair p = new Pair(y.value() - first, mask.inputs().get(1).value() - first, bytes);
                p.reluGradient = gradient.inputs().get(0).value() - first;
                pairs[p.norm] = p;
                pairs[p.relu] = p;
                pairs[p.reluGradient] = p;
                pairs[i] = p;
                any = true;
            }
        }
        return any ? pairs : new Pair[0];
    }

    private static Graph.Node producer(Graph g, Graph.Ref value) {
        int node = value.value() - g.variableCount();
        return node < 0 ? null : g.nodes().get(node);
    }
}
