package io.kiln.spark.model;

import io.kiln.autograd.Autograd;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Spec;
import io.kiln.nn.GraphBlock;
import io.kiln.op.math.Elementwise;
import io.kiln.op.nn.Neural;
import io.kiln.op.reduce.Reductions;
import io.kiln.op.shape.Movement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Values of a network that a model adds to rows. A name is that of an output, a node or a block, as in
 * {@link Graph#find}; or {@code softmax(name)}, {@code sigmoid(name)} or {@code argmax(name)}, which apply a function
 * to it, along the last axis; or {@code above(name, t, …)}: 1 where the sigmoid is at least the threshold of the place
 * along the last axis, else 0, with one threshold for all, or one for each place, or none for 0.5.
 */
public final class OutputNames {
    private static final Pattern CALL = Pattern.compile("(softmax|sigmoid|argmax|above)\\(([^,]+)((?:,[^,]+)*)\\)");
    private static final double EVEN = 0.5;

    private OutputNames() {}

    /**
     * The part of a network that computes values.
     *
     * @param g the network
     * @param names the values
     * @return a graph with one output per name
     * @throws IllegalArgumentException if there is no such value
     */
    public static Graph part(Graph g, List<String> names) {
        List<String> bases = new ArrayList<>();
        List<UnaryOperator<NDArray>> functions = new ArrayList<>();
        boolean plain = true;
        for (String name : names) {
            Matcher m = CALL.matcher(name);
            boolean call = m.matches() && !g.outputNames().contains(name);
            bases.add(call ? m.group(2) : name);
            functions.add(call ? function(name, m.group(1), m.group(3)) : UnaryOperator.identity());
            plain &= !call;
        }
        List<String> distinct = bases.stream().distinct().toList();
        Graph part = g.upTo(distinct);
        if (plain && distinct.size() == names.size()) {
            return part;
        }
        try (GraphBlock block = new GraphBlock(part);
                Autograd.Mode predict = Autograd.pause()) {
            Spec[] inputs = part.inputs().stream().map(Graph.Input::spec).toArray(Spec[]::new);
            Graph traced = block.capture(
                            x -> {
                                NDArray[] y = block.forwardAll(x);
                                NDArray[] all = new NDArray[names.size()];
                                for (int i = 0; i < all.length; i++) {
                                    all[i] = functions.get(i).apply(y[distinct.indexOf(bases.get(i))]);
                                }
                                return all;
                            },
                            inputs)
                    .graph();
            return new Graph(
                    part.inputs(),
                    traced.parameters(),
                    traced.nodes(),
                    traced.outputs(),
                    traced.updates(),
                    traced.attributes(),
                    unique(names));
        }
    }

    private static List<String> unique(List<String> names) {
        List<String> all = new ArrayList<>();
        for (String n : names) {
            String name = n;
            for (int i = 2; all.contains(name); i++) {
                name = String.format(Locale.ROOT, "%s_%d", n, i);
            }
            all.add(name);
        }
        return all;
    }

    private static UnaryOperator<NDArray> function(String text, String name, String arguments) {
        if (name.equals("above")) {
            return above(text, thresholds(text, arguments));
        }
        if (!arguments.isEmpty()) {
            throw new IllegalArgumentException(
                    "outputNames: \"%s\": %s takes a name only, got%s".formatted(text, name, arguments));
        }
        return switch (name) {
            case "softmax" -> x -> Neural.softmax(x, -1);
            case "sigmoid" -> Elementwise::sigmoid;
            default -> x -> Reductions.argMax(x, -1);
        };
    }

    private static float[] thresholds(String text, String arguments) {
        if (arguments.isEmpty()) {
            return new float[] {(float) EVEN};
        }
        String[] parts = arguments.substring(1).split(",");
        float[] all = new float[parts.length];
        for (int i = 0; i < all.length; i++) {
            try {
                all[i] = Float.parseFloat(parts[i].strip());
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(
                        "outputNames: \"%s\": expected thresholds such as 0.5, got%s".formatted(text, arguments), e);
            }
        }
        return all;
    }

    private static UnaryOperator<NDArray> above(String text, float... thresholds) {
        return x -> {
            long places = x.shape().rank() > 1 ? x.shape().dim(-1) : 1;
            if (thresholds.length > 1 && thresholds.length != places) {
                throw new IllegalArgumentException(
                        "outputNames: \"%s\" has %d thresholds for %d values; give one for each, or one"
                                .formatted(text, thresholds.length, places));
            }
            NDArray probability = x.sigmoid();
            if (thresholds.length == 1) {
                return probability.ge(thresholds[0]).cast(DType.INT32);
            }
            NDArray[] found = new NDArray[thresholds.length];
            for (int i = 0; i < found.length; i++) { // an array of thresholds would be a parameter of the graph
                found[i] = probability.slice(-1, i, i + 1).ge(thresholds[i]);
            }
            return Movement.concat(-1, found).cast(DType.INT32);
        };
    }
}
