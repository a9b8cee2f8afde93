package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.op.Operator;
import io.kiln.op.ViewOperator;
import io.kiln.op.nn.BatchNormOp;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * Meets a bound on memory: values of the forward pass that only the backward pass needs are recomputed just before it
 * needs them, instead of being kept. First only cheap operators (pointwise ones, normalisation, pooling), then products
 * and convolutions as well, segment by segment; among the programs that meet the bound, the one with the least work is
 * chosen. Operators that draw random numbers, communicate with other workers or run user code are never called twice.
 */
final class Recompute implements Pass {
    private static final int[] SEGMENTS = {2, 3, 4, 6, 8, 12, 16, 24, 32, 48};

    /** An operator with more operations per element than this is expensive. */
    private static final long CHEAP_FLOPS = 32;

    private static final int BISECTIONS = 5;

    private final long budget;
    private final ToLongFunction<Program> memory;

    /**
     * Creates the pass.
     *
     * @param budget maximum bytes of a call's arena
     * @param memory bytes of the arena that a program will have after all other passes
     */
    Recompute(long budget, ToLongFunction<Program> memory) {
        this.budget = budget;
        this.memory = memory;
    }

    /** A candidate program and the memory that it needs. */
    private record Trial(Program program, long bytes) {}

    @Override
    public Program run(Program program) {
        Trial best = new Trial(program, memory.applyAsLong(program));
        if (best.bytes() <= budget) {
            return program;
        }
        if (!program.gradients().isEmpty()) {
            Search search = new Search(program);
            for (boolean dear : new boolean[] {false, true}) {
                Trial t = search.smallest(dear);
                if (t.bytes() <= budget) {
                    return t.program();
                }
                best = t.bytes() < best.bytes() ? t : best;
            }
        }
        throw new IllegalArgumentException("compile: memoryBudget: the program needs at least " + best.bytes()
                + " bytes of internal memory, with recomputation, and may take " + budget
                + "; raise the budget or make the batch smaller");
    }

    /** Searches for the least recomputation. */
    private final class Search {
        private final Program program;
        private final Graph graph;
        private final boolean[] forward;
        private final CheckpointCuts checkpoints;
        private final boolean[] repeatable;
        private final boolean[] cheap;

        Search(Program program) {
            this.program = program;
            graph = program.graph();
            forward = Segments.forward(program);
            checkpoints = new CheckpointCuts(graph, forward);
            repeatable = new boolean[forward.length];
            cheap = new boolean[forward.length];
            Set<Integer> updated = updatedParameters();
            for (int i = 0; i < forward.length; i++) {
                Graph.Node node = graph.nodes().get(i);
                repeatable[i] = forward[i] && isRepeatable(node, updated);
                cheap[i] = isCheap(node);
            }
        }

        private Set<Integer> updatedParameters() {
            Set<String> names = new HashSet<>();
            graph.updates().forEach(u -> names.add(u.parameter()));
            Set<Integer> numbers = new HashSet<>();
            for (int p = 0; p < graph.parameters().size(); p++) {
                if (names.contains(graph.parameters().get(p).name())) {
                    numbers.add(graph.inputs().size() + p);
                }
            }
            return numbers;
        }

        /** Whether a second call gives the same result, even though the forward pass's updates lie in between. */
        private boolean isRepeatable(Graph.Node node, Set<Integer> updated) {
            Operator op = node.operator();
            if (Segments.isUnique(op)) {
                return false;
            }
            boolean ownStatistics = op instanceof BatchNormOp && program.training();
            return ownStatistics || node.inputs().stream().noneMatch(r -> updated.contains(r.value()));
        }

        private boolean isCheap(Graph.Node node) {
            Spec[] in = node.inputs().stream().map(graph::spec).toArray(Spec[]::new);
            Spec[] out = node.outputs().toArray(new Spec[0]);
            long largest = 1;
            for (Spec s : in) {
                largest = Math.max(largest, s.shape().size());
            }
            for (Spec s : out) {
                largest = Math.max(largest, s.shape().size());
            }
            return node.operator().flops(in, out) <= CHEAP_FLOPS * largest;
        }

        /** The program with the least work that meets the budget, or else the one with the least memory. */
        Trial smallest(boolean dear) {
            Trial best = null;
            BitSet all = null;
            for (int segments : SEGMENTS) {
                BitSet again = again(checkpoints.totalBytes() / segments, dear);
                Trial t = trial(again);
                if (best == null || t.bytes() < best.bytes()) {
                    best = t;
                    all = again;
                }
            }
            return best.bytes() <= budget ? bisect(best, all) : best;
        }

        /** The nodes to recompute if segments hold at most this many bytes. */
        private BitSet again(long segmentBytes, boolean dear) {
            List<Integer> cuts = checkpoints.cuts(segmentBytes);
            BitSet kept = checkpoints.crossing(cuts);
            BitSet again = new BitSet();
            int end = cuts.isEmpty() ? 0 : cuts.get(cuts.size() - 1) + 1;
            for (int p = 0; p < end; p++) {
                int node = checkpoints.node(p);
                Graph.Node n = graph.nodes().get(node);
                boolean wanted = !kept.get(p) && repeatable[node] && (dear || cheap[node]);
                if (n.operator() instanceof ViewOperator) {
                    int source = n.inputs().get(0).value() - graph.variableCount();
                    wanted = source >= 0 && again.get(source);
                }
                if (wanted) {
                    again.set(node);
                }
            }
            return again;
        }

        /** Leaves the later part of the forward pass unchanged, as far as the budget allows. */
        private Trial bisect(Trial whole, BitSet all) {
            Trial best = whole;
            int enough = all.length();
            int tooFew = 0;
            for (int i = 0; i < BISECTIONS && enough - tooFew > 1; i++) {
                int middle = (enough + tooFew) >>> 1;
                Trial t = trial(all.get(0, middle));
                if (t.bytes() <= budget) {
                    best = t;
                    enough = middle;
                } else {
                    tooFew = middle;
                }
            }
            return best;
        }

        private Trial trial(BitSet again) {
            Program p = rewrite(again);
            return new Trial(p, memory.applyAsLong(p));
        }

        private Program rewrite(BitSet again) {
            try (Replay replay = new Replay(program)) {
                NDArray[][] second = new NDArray[forward.length][];
                for (int i = 0; i < forward.length; i++) {
                    Graph.Node node = graph.nodes().get(i);
                    if (forward[i]) {
                        replay.keep(i);
                    } else {
                        repeat(replay, second, again, node);
                        replay.set(i, replay.run(node, node.operator(), inputs(replay, second, node)));
                    }
                }
                return replay.build();
            }
        }

        /** Repeats the calls whose results a node of the backward pass reads and that have not been repeated yet. */
        private void repeat(Replay replay, NDArray[][] second, BitSet again, Graph.Node reader) {
            BitSet needed = new BitSet();
            mark(reader, second, again, needed);
            for (int i = needed.length() - 1; i >= 0; i = needed.previousSetBit(i - 1)) {
                mark(graph.nodes().get(i), second, again, needed);
            }
            for (int i = needed.nextSetBit(0); i >= 0; i = needed.nextSetBit(i + 1)) {
                Graph.Node node = graph.nodes().get(i);
                second[i] = replay.run(node, node.operator(), inputs(replay, second, node));
            }
        }

        private void mark(Graph.Node reader, NDArray[][] second, BitSet again, BitSet needed) {
            for (Graph.Ref r : reader.inputs()) {
                int node = r.value() - graph.variableCount();
                if (node >= 0 && again.get(node) && second[node] == null) {
                    needed.set(node);
                }
            }
        }

        private NDArray[] inputs(Replay replay, NDArray[][] second, Graph.Node node) {
            return node.inputs().stream()
                    .map(r -> {
                        int from = r.value() - graph.variableCount();
                        return from >= 0 && second[from] != null ? second[from][r.output()] : replay.value(r);
                    })
                    .toArray(NDArray[]::new);
        }
    }
}
