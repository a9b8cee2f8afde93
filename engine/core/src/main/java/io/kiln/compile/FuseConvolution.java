package io.kiln.compile;

import io.kiln.compile.internal.FusedConvolution;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.activation.Relu;
import io.kiln.op.math.Add;
import io.kiln.op.math.Rsqrt;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.Convolution;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Fuses a convolution with the operators that follow it, while its result is still in the cache: batch normalisation by
 * running statistics (predict mode), the sum with a residual, ReLU. The fused node takes the place of the last of
 * these. Only applies if no other node uses the values in between, that is, if no gradient is needed.
 */
final class FuseConvolution implements Pass {
    private final Target target;

    FuseConvolution(Target target) {
        this.target = target;
    }

    @Override
    public Program run(Program program) {
        Graph g = program.graph();
        Chain[] ends = chains(program);
        if (Arrays.stream(ends).allMatch(c -> c == null)) {
            return program;
        }
        boolean[] inside = new boolean[ends.length];
        for (Chain chain : ends) {
            for (Chain c = chain == null ? null : chain.before; c != null; c = c.before) {
                inside[c.node] = true;
            }
        }
        try (Replay replay = new Replay(program)) {
            for (int i = 0; i < ends.length; i++) {
                Graph.Node node = g.nodes().get(i);
                Chain chain = ends[i];
                if (chain == null && !inside[i]) {
                    replay.keep(i);
                    continue;
                }
                NDArray[] results = new NDArray[node.outputs().size()];
                if (chain != null) {
                    results[0] = replay.at(node, () -> emit(replay, chain))[0];
                }
                if (node.operator() instanceof BatchNormOp) { // in predict mode the running statistics do not change
                    results[1] = replay.value(node.inputs().get(3));
                    results[2] = replay.value(node.inputs().get(4));
                }
                replay.set(i, results);
            }
            return replay.build();
        }
    }

    /** A convolution and the following nodes that have been fused so far. */
    private record Chain(
            int node, Chain before, Graph.Node convolution, Graph.Node norm, Graph.Ref residual, boolean relu) {
        Chain then(int next, Graph.Node withNorm) {
            return new Chain(next, this, convolution, withNorm, residual, relu);
        }

        Chain then(int next, Graph.Ref withResidual) {
            return new Chain(next, this, convolution, norm, withResidual, relu);
        }

        Chain thenRelu(int next) {
            return new Chain(next, this, convolution, norm, residual, true);
        }
    }

    /** The chains by their last nodes. A convolution alone, or with ReLU only, is not a chain. */
    private Chain[] chains(Program program) {
        Graph g = program.graph();
        Map<Graph.Ref, Integer> uses = Uses.ofOutputs(g);
        Chain[] chains = new Chain[g.nodes().size()];
        for (int i = 0; i < chains.length; i++) {
            Graph.Node node = g.nodes().get(i);
            Operator op = node.operator();
            if (op instanceof Convolution c && c.activation() == Activation.NONE && isServed(g, node)) {
                chains[i] = new Chain(i, null, node, null, null, false);
            } else if (op instanceof BatchNormOp && !program.training() && isPlain(g, uses, i)) {
                Chain c = take(g, uses, chains, node.inputs().get(0));
                chains[i] = c == null || c.norm != null || c.residual != null || c.relu ? null : c.then(i, node);
                restore(chains, c, chains[i]);
            } else if (op instanceof Add && node.inputs().size() == 2) {
                residual(g, uses, chains, i);
            } else if (op instanceof Relu) {
                Chain c = take(g, uses, chains, node.inputs().get(0));
                chains[i] = c == null || c.relu ? null : c.thenRelu(i);
                restore(chains, c, chains[i]);
            }
        }
        for (int i = 0; i < chains.length; i++) {
            Chain c = chains[i];
            chains[i] = c == null || c.norm == null && c.residual == null ? null : c;
        }
        return chains;
    }

    /** A sum is fused into the later of two convolutions: the result of the other is available by then. */
    private static void residual(Graph g, Map<Graph.Ref, Integer> uses, Chain[] chains, int at) {
        Graph.Node sum = g.nodes().get(at);
        Graph.Ref a = sum.inputs().get(0);
        Graph.Ref b = sum.inputs().get(1);
        if (a.value() == b.value()
                || !g.spec(a).equals(sum.outputs().get(0))
                || !g.spec(b).equals(sum.outputs().get(0))) {
            return;
        }
        Graph.Ref late = a.value() > b.value() ? a : b;
        for (Graph.Ref own : new Graph.Ref[] {late, late == a ? b : a}) {
            Chain c = take(g, uses, chains, own);
            if (c != null && c.residual == null && !c.relu) {
                chains[at] = c.then(at, own == a ? b : a);
                return;
            }
            restore(chains, c, null);
        }
    }

    /** Takes the chain that ends with a value that no other node uses; it is removed from its end. */
    private static Chain take(Graph g, Map<Graph.Ref, Integer> uses, Chain[] chains, Graph.Ref value) {
        int node = value.value() - g.variableCount();
        if (node < 0 || value.output() != 0 || uses.get(value) != 1) {
            return null;
        }
        Chain c = chains[node];
        chains[node] = null;
        return c;
    }

    private static void restore(Chain[] chains, Chain taken, Chain longer) {
        if (taken != null && longer == null) {
            chains[taken.node] = taken;
        }
    }

    private boolean isServed(Graph g, Graph.Node node) {
        DType type = node.outputs().get(0).dtype();
        boolean plain = type == DType.FLOAT32 || type == DType.BFLOAT16;
        return plain
                && (node.inputs().size() == 2 || g.spec(node.inputs().get(2)).dtype() == DType.FLOAT32)
                && target.hasKernel(new FusedConvolution((Convolution) node.operator(), true, true, null));
    }

    /** Whether gamma, beta and the statistics are float32, and the statistics used are not needed by a gradient. */
    private static boolean isPlain(Graph g, Map<Graph.Ref, Integer> uses, int norm) {
        int value = g.variableCount() + norm;
        return !uses.containsKey(new Graph.Ref(value, 3))
                && !uses.containsKey(new Graph.Ref(value, 4))
                && g.nodes().get(norm).inputs().stream()
                        .skip(1)
                        .allMatch(r -> g.spec(r).dtype() == DType.FLOAT32);
    }

    private static NDArray[] emit(Replay replay, Chain chain) {
        Graph.Node conv = chain.convolution;
        boolean bias = conv.inputs().size() > 2;
        boolean scaled = chain.norm != null || bias;
        int count = 2 + (scaled ? 2 : 0) + (chain.residual == null ? 0 : 1);
        NDArray[] inputs = Arrays.copyOf(replay.inputs(conv), count);
        if (scaled) {
            NDArray[] affine =
                    affine(replay, chain, bias ? replay.value(conv.inputs().get(2)) : null);
            inputs[2] = affine[0];
            inputs[3] = affine[1];
        }
        if (chain.residual != null) {
            inputs[count - 1] = replay.value(chain.residual);
        }
        Convolution c =
                FusedConvolution.with((Convolution) conv.operator(), chain.relu ? Activation.RELU : Activation.NONE);
        return Dispatch.run(new FusedConvolution(c, scaled, chain.residual != null, null), inputs);
    }

    /** Factor and summand of each channel: γr and β − μγr (+ the bias times the factor), with r = 1/√(σ² + ε). */
    private static NDArray[] affine(Replay replay, Chain chain, NDArray bias) {
        if (chain.norm == null) {
            return new NDArray[] {bias.factory().ones(bias.shape(), DType.FLOAT32), bias};
        }
        List<Graph.Ref> in = chain.norm.inputs();
        BatchNormOp norm = (BatchNormOp) chain.norm.operator();
        NDArray variance = replay.value(in.get(4));
        NDArray scale = Dispatch.one(new Rsqrt(), variance.add(norm.epsilon())).mul(replay.value(in.get(1)));
        NDArray mean = replay.value(in.get(3));
        NDArray centre = bias == null ? mean : mean.sub(bias);
        return new NDArray[] {scale, replay.value(in.get(2)).sub(centre.mul(scale))};
    }
}
