package io.kiln.compile;

import io.kiln.graph.Graph;
import io.kiln.ndarray.Spec;
import io.kiln.op.ViewOperator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Finds where to cut the forward pass of a program into segments, so that only the values crossing a cut are kept for
 * the backward pass. Dynamic programming finds the cuts that keep the fewest bytes among those whose segments hold at
 * most a given number of bytes.
 *
 * <p>T. Chen, B. Xu, C. Zhang, C. Guestrin: Training Deep Nets with Sublinear Memory Cost, 2016, for chains.
 */
final class CheckpointCuts {
    private final Graph graph;
    private final int[] nodes;
    private final int[] lastUse;
    private final long[] before;
    private final long[] crossing;

    /**
     * Analyses a program.
     *
     * @param graph the graph, with all shapes known
     * @param forward for each node, whether it belongs to the forward pass
     */
    CheckpointCuts(Graph graph, boolean... forward) {
        this.graph = graph;
        int count = 0;
        int[] all = new int[forward.length];
        int[] position = new int[forward.length];
        for (int i = 0; i < forward.length; i++) {
            position[i] = count;
            if (forward[i]) {
                all[count++] = i;
            }
        }
        nodes = Arrays.copyOf(all, count);
        lastUse = new int[count];
        before = new long[count + 1];
        for (int p = 0; p < count; p++) {
            lastUse[p] = Math.max(lastUse[p], p);
            for (Graph.Ref r : graph.nodes().get(nodes[p]).inputs()) {
                int source = owner(r);
                if (source >= 0) {
                    lastUse[position[source]] = Math.max(lastUse[position[source]], p);
                }
            }
            before[p + 1] = before[p] + bytes(nodes[p]);
        }
        crossing = new long[count];
        for (int p = 0; p < count; p++) {
            for (int q = p; q < lastUse[p]; q++) {
                crossing[q] += bytes(nodes[p]);
            }
        }
    }

    /** The node at a position of the forward pass. */
    int node(int position) {
        return nodes[position];
    }

    /** Bytes of the results of all forward nodes. */
    long totalBytes() {
        return before[nodes.length];
    }

    /** The node that owns a value's memory: the one behind all views. Negative for variables. */
    private int owner(Graph.Ref ref) {
        int node = ref.value() - graph.variableCount();
        while (node >= 0 && graph.nodes().get(node).operator() instanceof ViewOperator) {
            node = graph.nodes().get(node).inputs().get(0).value() - graph.variableCount();
        }
        return node;
    }

    private long bytes(int node) {
        Graph.Node n = graph.nodes().get(node);
        if (n.operator() instanceof ViewOperator) {
            return 0;
        }
        long sum = 0;
        for (Spec s : n.outputs()) {
            sum += Math.multiplyExact(s.shape().size(), s.dtype().bytes());
        }
        return sum;
    }

    /**
     * Cuts the forward pass.
     *
     * @param segmentBytes maximum total bytes of the results in one segment; a larger node is a segment by itself
     * @return the positions after which to cut, ascending; the last segment ends with the pass
     */
    List<Integer> cuts(long segmentBytes) {
        int n = nodes.length;
        long[] least = new long[n + 1];
        int[] from = new int[n + 1];
        for (int end = 1; end <= n; end++) {
            least[end] = Long.MAX_VALUE;
            long kept = end == n ? 0 : crossing[end - 1];
            for (int start = end - 1; start >= 0; start--) {
                if (start < end - 1 && before[end] - before[start] > segmentBytes) {
                    break;
                }
                if (least[start] + kept < least[end]) {
                    least[end] = least[start] + kept;
                    from[end] = start;
                }
            }
        }
        List<Integer> cuts = new ArrayList<>();
        for (int at = from[n]; at > 0; at = from[at]) {
            cuts.add(0, at - 1);
        }
        return cuts;
    }

    /** The positions of the nodes whose results cross one of the cuts. */
    BitSet crossing(List<Integer> cuts) {
        BitSet kept = new BitSet();
        for (int cut : cuts) {
            for (int p = 0; p <= cut; p++) {
                if (lastUse[p] > cut) {
                    kept.set(p);
                }
            }
        }
        return kept;
    }
}
