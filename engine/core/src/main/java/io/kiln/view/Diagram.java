package io.kiln.view;

import io.kiln.graph.Graph;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A drawing of a network: one box per block or operator, with arrows for the data flow. Parameters are not drawn.
 *
 * <pre>{@code
 * Diagram d = Diagram.of(network, 2, new Spec(Shape.of(1, 3, 32, 32), DType.FLOAT32));
 * Files.writeString(Path.of("network.svg"), d.toSvg());
 * Files.writeString(Path.of("network.mmd"), d.toMermaid());
 * }</pre>
 *
 * @param boxes the boxes; arrows lead from earlier to later ones
 * @param arrows the arrows
 */
public record Diagram(List<Box> boxes, List<Arrow> arrows) {
    /** Makes the lists unmodifiable. */
    public Diagram {
        boxes = List.copyOf(boxes);
        arrows = List.copyOf(arrows);
    }

    /** What a box stands for. */
    public enum Kind {
        /** Data given to the network. */
        INPUT,
        /** A block, or several operators of one. */
        BLOCK,
        /** A single operator. */
        OPERATOR,
        /** A result of the network. */
        OUTPUT
    }

    /**
     * A box.
     *
     * @param kind its kind
     * @param title its name
     * @param type class of the block or name of the operator
     * @param shape shape of its first output; unknown sizes as in {@link io.kiln.ndarray.Shape#toString}
     */
    public record Box(Kind kind, String title, String type, String shape) {}

    /**
     * An arrow.
     *
     * @param from index of the box where it starts
     * @param to index of the box where it ends, larger than {@code from}
     */
    public record Arrow(int from, int to) {}

    /**
     * Draws a network.
     *
     * @param network the network
     * @param depth number of levels of nested blocks to show; 0 for a single box
     * @param inputs shape and dtype of each input; the batch may be unknown
     * @return the drawing
     */
    public static Diagram of(Block network, int depth, Spec... inputs) {
        return of(network.trace(inputs), depth, BlockTypes.of(network));
    }

    /**
     * Draws a graph.
     *
     * @param graph the graph
     * @param depth number of levels of nested blocks to show
     * @return the drawing
     */
    public static Diagram of(Graph graph, int depth) {
        return of(graph, depth, Map.of());
    }

    private static Diagram of(Graph graph, int depth, Map<String, String> types) {
        Set<String> containers = containers(graph);
        List<Box> boxes = new ArrayList<>();
        Map<Integer, Integer> boxOf = new HashMap<>();
        for (int i = 0; i < graph.inputs().size(); i++) {
            Graph.Input in = graph.inputs().get(i);
            boxOf.put(i, boxes.size());
            boxes.add(new Box(Kind.INPUT, in.name(), "input", in.spec().shape().toString()));
        }
        Set<Integer> used = usedNodes(graph);
        Set<Arrow> arrows = new LinkedHashSet<>();
        String open = null;
        for (int i = 0; i < graph.nodes().size(); i++) {
            int value = graph.variableCount() + i;
            Graph.Node node = graph.nodes().get(i);
            if (!used.contains(value)) {
                continue;
            }
            String place = BlockTypes.place(node.name());
            String group = cut(place, depth);
            boolean alone = group.equals(place) && containers.contains(place) && level(place) < depth;
            Spec output = node.outputs().get(0);
            if (alone) {
                boxes.add(new Box(
                        Kind.OPERATOR,
                        node.name(),
                        node.operator().name(),
                        output.shape().toString()));
                open = null;
            } else {
                String type = BlockTypes.type(types.get(group), node);
                Box box = new Box(
                        Kind.BLOCK,
                        group.isEmpty() ? "network" : group,
                        type,
                        output.shape().toString());
                if (group.equals(open)) {
                    boxes.set(boxes.size() - 1, box);
                } else {
                    boxes.add(box);
                    open = group;
                }
            }
            int at = boxes.size() - 1;
            boxOf.put(value, at);
            for (Graph.Ref r : node.inputs()) {
                Integer from = boxOf.get(r.value());
                if (from != null && from != at) {
                    arrows.add(new Arrow(from, at));
                }
            }
        }
        for (Graph.Ref r : graph.outputs()) {
            boxes.add(new Box(
                    Kind.OUTPUT, "output", "output", graph.spec(r).shape().toString()));
            if (boxOf.containsKey(r.value())) {
                arrows.add(new Arrow(boxOf.get(r.value()), boxes.size() - 1));
            }
        }
        return new Diagram(boxes, List.copyOf(arrows));
    }

    /**
     * The nodes that depend on an input: nodes that only maintain parameters (copies of running statistics) are not
     * drawn.
     */
    private static Set<Integer> usedNodes(Graph graph) {
        Set<Integer> used = new HashSet<>();
        for (int i = 0; i < graph.inputs().size(); i++) {
            used.add(i);
        }
        for (int i = 0; i < graph.nodes().size(); i++) {
            if (graph.nodes().get(i).inputs().stream().anyMatch(r -> used.contains(r.value()))) {
                used.add(graph.variableCount() + i);
            }
        }
        return used;
    }

    /** Places that contain other places. */
    private static Set<String> containers(Graph graph) {
        Set<String> containers = new HashSet<>();
        for (Graph.Node n : graph.nodes()) {
            String place = BlockTypes.place(n.name());
            while (!place.isEmpty()) {
                place = place.contains(".") ? place.substring(0, place.lastIndexOf('.')) : "";
                containers.add(place);
            }
        }
        return containers;
    }

    private static int level(String place) {
        return place.isEmpty() ? 0 : (int) place.chars().filter(c -> c == '.').count() + 1;
    }

    private static String cut(String place, int depth) {
        int end = 0;
        for (int i = 0; i < depth && end < place.length(); i++) {
            int dot = place.indexOf('.', end == 0 ? 0 : end + 1);
            end = dot < 0 ? place.length() : dot;
        }
        return place.substring(0, end);
    }

    /**
     * The drawing in Mermaid syntax, which Markdown pages on GitHub and many notebooks display.
     *
     * @return a flowchart
     */
    public String toMermaid() {
        StringBuilder s = new StringBuilder("flowchart TD\n");
        for (int i = 0; i < boxes.size(); i++) {
            Box b = boxes.get(i);
            boolean data = b.kind() == Kind.INPUT || b.kind() == Kind.OUTPUT;
            String label = data
                    ? b.title() + "<br/>" + b.shape()
                    : "<b>" + b.title() + "</b><br/>" + b.type() + "<br/>" + b.shape();
            s.append("    n").append(i).append(data ? "([\"" : "[\"").append(label.replace("\"", "#quot;"));
            s.append(data ? "\"])\n" : "\"]\n");
        }
        for (Arrow a : arrows) {
            s.append("    n").append(a.from()).append(" --> n").append(a.to()).append('\n');
        }
        return s.toString();
    }

    /**
     * The drawing as an SVG picture, in layers from top to bottom.
     *
     * @return an SVG document
     */
    public String toSvg() {
        return new Svg(this).draw();
    }
}
