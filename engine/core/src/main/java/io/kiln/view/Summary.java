package io.kiln.view;

import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.op.ViewOperator;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * The structure of a network: its blocks with output shapes, parameters and floating-point operations, and their
 * memory. It is computed by tracing: no weights are allocated and no operators run.
 *
 * <pre>{@code
 * System.out.println(Summary.of(network, new Spec(Shape.of(1, 3, 224, 224), DType.FLOAT32)));
 * }</pre>
 *
 * @param rows the blocks, each before its children
 * @param parameters number of elements of all parameters that are trained
 * @param fixed number of elements of running statistics and constants
 * @param flops floating-point operations of a forward pass; a multiply-add is two
 * @param inputBytes size of the inputs
 * @param activationBytes size of all results of operators, which a recorded forward pass keeps
 * @param parameterBytes size of all parameters, without gradients
 */
public record Summary(
        List<Row> rows,
        long parameters,
        long fixed,
        long flops,
        long inputBytes,
        long activationBytes,
        long parameterBytes) {
    /** Makes the list unmodifiable. */
    public Summary {
        rows = List.copyOf(rows);
    }

    /**
     * A block.
     *
     * @param depth its nesting depth; 0 for the whole network
     * @param place its place, such as {@code layer1.0.conv1}; empty for the whole network
     * @param type its class
     * @param output shape and dtype of its first output
     * @param own the cost of its own operators; a parameter counts where it is first used
     * @param total the cost of the block and its descendants
     * @param leaf whether it has no children
     */
    public record Row(int depth, String place, String type, Spec output, Cost own, Cost total, boolean leaf) {}

    /**
     * The cost of operators.
     *
     * @param parameters elements of trained parameters
     * @param flops floating-point operations of a forward pass
     */
    public record Cost(long parameters, long flops) {}

    private static final class Entry {
        final String place;
        final int depth;
        Spec output;
        Graph.Node last;
        long ownParameters;
        long parameters;
        long ownFlops;
        long flops;
        boolean leaf = true;

        Entry(String place, int depth) {
            this.place = place;
            this.depth = depth;
        }
    }

    /**
     * Summarizes a network.
     *
     * @param network the network
     * @param inputs shape and dtype of each input, including the batch
     * @return its summary
     * @throws IllegalArgumentException if a size is unknown
     */
    public static Summary of(Block network, Spec... inputs) {
        check(List.of(inputs));
        return of(network.trace(inputs), BlockTypes.of(network));
    }

    /**
     * Summarizes a graph; blocks appear by the names of their nodes.
     *
     * @param graph a graph whose inputs have known sizes
     * @return its summary
     * @throws IllegalArgumentException if a size is unknown
     */
    public static Summary of(Graph graph) {
        check(graph.inputs().stream().map(Graph.Input::spec).toList());
        return of(graph, Map.of());
    }

    private static void check(List<Spec> inputs) {
        for (Spec s : inputs) {
            if (!s.shape().isKnown()) {
                throw new IllegalArgumentException(
                        "summary: sizes and work need known shapes, got input " + s + "; give a batch size");
            }
        }
    }

    private static Summary of(Graph graph, Map<String, String> types) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        entry(entries, "");
        Set<String> counted = new LinkedHashSet<>();
        long activations = 0;
        for (Graph.Node node : graph.nodes()) {
            long flops = node.operator()
                    .flops(
                            node.inputs().stream().map(graph::spec).toArray(Spec[]::new),
                            node.outputs().toArray(Spec[]::new));
            String place = BlockTypes.place(node.name());
            Entry own = entry(entries, place);
            own.ownFlops += flops;
            long parameters = 0;
            for (Graph.Ref r : node.inputs()) {
                Graph.ParameterInfo p = parameter(graph, r);
                if (p != null && p.role().isTrained() && counted.add(p.name())) {
                    parameters += p.spec().shape().size();
                }
            }
            own.ownParameters += parameters;
            for (String up = place; up != null; up = parent(up)) {
                Entry e = entries.get(up);
                e.flops += flops;
                e.parameters += parameters;
                e.output = node.outputs().get(0);
                e.last = node;
            }
            if (!(node.operator() instanceof ViewOperator)) {
                activations += node.outputs().stream().mapToLong(Summary::bytes).sum();
            }
        }
        return finish(graph, types, entries, activations);
    }

    private static Summary finish(
            Graph graph, Map<String, String> types, Map<String, Entry> entries, long activations) {
        entries.get("").output = graph.outputs().isEmpty()
                ? new Spec(Shape.scalar(), DType.FLOAT32)
                : graph.spec(graph.outputs().get(0));
        List<Row> rows = new ArrayList<>();
        addTree("", entries, types, rows);
        long trained = 0;
        long fixed = 0;
        long bytes = 0;
        for (Graph.ParameterInfo p : graph.parameters()) {
            long size = p.spec().shape().size();
            trained += p.role().isTrained() ? size : 0;
            fixed += p.role().isTrained() ? 0 : size;
            bytes += bytes(p.spec());
        }
        long inputs = graph.inputs().stream().mapToLong(i -> bytes(i.spec())).sum();
        return new Summary(rows, trained, fixed, entries.get("").flops, inputs, activations, bytes);
    }

    /** Blocks may be called again after others: rows are combined by place, in the order of the first call. */
    private static void addTree(String place, Map<String, Entry> entries, Map<String, String> types, List<Row> rows) {
        Entry e = entries.get(place);
        rows.add(new Row(
                e.depth,
                place,
                type(e, types),
                e.output,
                new Cost(e.ownParameters, e.ownFlops),
                new Cost(e.parameters, e.flops),
                e.leaf));
        for (String child : List.copyOf(entries.keySet())) {
            if (!child.isEmpty() && place.equals(parent(child))) {
                addTree(child, entries, types, rows);
            }
        }
    }

    private static String type(Entry e, Map<String, String> types) {
        String type = types.get(e.place);
        if (e.last == null || type == null && !e.leaf) {
            return type == null ? "Graph" : type;
        }
        return BlockTypes.type(type, e.last);
    }

    private static Entry entry(Map<String, Entry> entries, String place) {
        Entry e = entries.get(place);
        if (e == null) {
            String parent = parent(place);
            int depth = 0;
            if (parent != null) {
                Entry p = entry(entries, parent);
                p.leaf = false;
                depth = p.depth + 1;
            }
            e = new Entry(place, depth);
            entries.put(place, e);
        }
        return e;
    }

    private static String parent(String place) {
        if (place.isEmpty()) {
            return null;
        }
        int dot = place.lastIndexOf('.');
        return dot < 0 ? "" : place.substring(0, dot);
    }

    private static Graph.ParameterInfo parameter(Graph graph, Graph.Ref r) {
        int i = r.value() - graph.inputs().size();
        return i >= 0 && i < graph.parameters().size() ? graph.parameters().get(i) : null;
    }

    private static long bytes(Spec s) {
        return s.shape().size() * s.dtype().bytes();
    }

    /** {@return the table of all blocks, and the totals} */
    @Override
    public String toString() {
        return table(Integer.MAX_VALUE);
    }

    /**
     * The table of blocks down to a depth, and the totals. A block that is shown with its children has the numbers of
     * its own operators only, so that each column adds up.
     *
     * @param depth the depth; 1 for the direct children of the network
     * @return text of several lines
     */
    public String table(int depth) {
        TextTable table = new TextTable(3, "layer", "type", "output", "parameters", "FLOPs");
        for (Row r : rows) {
            if (r.depth() > depth) {
                continue;
            }
            boolean whole = r.leaf() || r.depth() == depth;
            Cost shown = whole ? r.total() : r.own();
            String name = r.place().substring(r.place().lastIndexOf('.') + 1);
            table.row(
                    "  ".repeat(r.depth()) + (r.depth() == 0 ? "network" : name),
                    r.type(),
                    r.output().shape().toString(),
                    count(shown.parameters(), whole),
                    flops(shown.flops(), whole));
        }
        String line = "-"
                .repeat(table.toString().lines().mapToInt(String::length).max().orElse(0));
        return table + "\n" + line + "\n"
                + String.format(
                        Locale.ROOT,
                        "parameters %,d (trained %,d, fixed %,d)%nFLOPs %s per forward pass (a multiply-add is 2)%n"
                                + "memory: inputs %s, activations %s, parameters %s, total %s",
                        parameters + fixed,
                        parameters,
                        fixed,
                        si(flops),
                        megabytes(inputBytes),
                        megabytes(activationBytes),
                        megabytes(parameterBytes),
                        megabytes(inputBytes + activationBytes + parameterBytes));
    }

    private static String count(long n, boolean whole) {
        return n == 0 && !whole ? "" : String.format(Locale.ROOT, "%,d", n);
    }

    private static String flops(long n, boolean whole) {
        return n == 0 && !whole ? "" : si(n);
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.2f MB", bytes / 1e6);
    }

    private static String si(double n) {
        String[] units = {"", " k", " M", " G", " T", " P"};
        int unit = 0;
        double value = n;
        while (value >= 1000 && unit < units.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f%s" : "%.2f%s", value, units[unit]);
    }
}
