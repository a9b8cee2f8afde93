package io.kiln.spark.model;

import io.kiln.format.SafeTensors;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Role;
import io.kiln.op.math.AddScalar;
import io.kiln.op.math.Mul;
import io.kiln.op.math.MulScalar;
import io.kiln.op.math.Sub;
import io.kiln.spark.feed.Moments;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Standardisation as part of a network: nodes before it that subtract each feature's mean and divide by its standard
 * deviation, and nodes after it that convert a standardised prediction back. It is trained, saved, shipped and compiled
 * with the network.
 */
public final class Standardization {
    private static final String MEAN = "features:mean";
    private static final String TARGET_SCALE = "target:scale";
    private static final String TARGET_SHIFT = "target:shift";
    private static final int ADDED = 2;

    private Standardization() {}

    /**
     * A target whose standardised form a network learns: \(y = d z + m\) for the network's output z.
     *
     * @param mean m
     * @param deviation d, above 0
     */
    public record Target(double mean, double deviation) implements java.io.Serializable {
        /**
         * The target of rows.
         *
         * @param labels moments of the labels
         * @return their mean and standard deviation; 1 instead of a deviation of 0
         */
        public static Target of(Moments labels) {
            return new Target(labels.mean(0), divisor(labels.deviation(0)));
        }
    }

    private static double divisor(double deviation) {
        return deviation > 0 && Double.isFinite(1 / deviation) ? deviation : 1;
    }

    /**
     * Whether a network standardises its features itself, because it was trained with standardisation before.
     *
     * @param network the network
     * @return whether {@link #features} made it
     */
    public static boolean hasFeatures(Network.Traced network) {
        return network.graph().parameters().stream().anyMatch(p -> p.name().equals(MEAN));
    }

    /**
     * Whether a network normalises an input itself.
     *
     * @param network the network
     * @param input name of the input
     * @return whether {@link #input} made it
     */
    public static boolean has(Network.Traced network, String input) {
        return network.graph().parameters().stream().anyMatch(p -> p.name().equals(input + ":mean"));
    }

    /**
     * The constants of the nodes before a network: \((x - m) f\).
     *
     * @param shape their shape, which broadcasts to a row
     * @param mean m
     * @param factor f
     */
    public record Constants(Shape shape, float[] mean, float[] factor) {
        /**
         * The constants that standardise features.
         *
         * @param shape shape of a row
         * @param moments mean and deviation of each feature as read
         * @param scale factor on the features, applied first
         * @return their means and the inverses of their deviations, 1 instead of a deviation of 0
         */
        public static Constants of(Shape shape, Moments moments, double scale) {
            float[] mean = new float[moments.columns()];
            float[] factor = new float[moments.columns()];
            for (int i = 0; i < mean.length; i++) {
                mean[i] = (float) (scale * moments.mean(i));
                factor[i] = (float) (1 / divisor(scale * moments.deviation(i)));
            }
            return new Constants(shape, mean, factor);
        }
    }

    /**
     * The constants of the nodes before an input.
     *
     * @param network a network that {@linkplain #has has} them
     * @param input name of the input
     * @return their values
     */
    public static Constants constants(Network.Traced network, String input) {
        try (Scope scope = Scope.open()) {
            Map<String, NDArray> values = SafeTensors.read(network.values()).tensors();
            NDArray mean = values.get(input + ":mean");
            return new Constants(
                    mean.shape(),
                    mean.toFloatArray(),
                    values.get(input + ":factor").toFloatArray());
        } catch (IOException e) {
            throw new UncheckedIOException("training: values: " + e.getMessage(), e);
        }
    }

    /**
     * Puts nodes before a network with one input.
     *
     * @param network the network
     * @param moments mean and deviation of each feature as read
     * @param scale factor on the features, applied first
     * @return the network with the nodes and their constants
     */
    public static Network.Traced features(Network.Traced network, Moments moments, double scale) {
        return insert(network, 0, "features", Constants.of(Shape.of(network.rowShape()), moments, scale));
    }

    /**
     * Puts nodes before an input of a network.
     *
     * @param network the network
     * @param input name of the input
     * @param constants their constants
     * @return the network with the nodes and their constants
     */
    public static Network.Traced input(Network.Traced network, String input, Constants constants) {
        List<String> names =
                network.graph().inputs().stream().map(Graph.Input::name).toList();
        return insert(network, names.indexOf(input), input, constants);
    }

    private static Network.Traced insert(Network.Traced network, int input, String name, Constants constants) {
        Graph g = network.graph();
        Spec row = g.inputs().get(input).spec();
        Spec constant = new Spec(constants.shape(), DType.FLOAT32);
        String mean = name + ":mean";
        String factor = name + ":factor";
        List<Graph.ParameterInfo> parameters = new ArrayList<>(g.parameters());
        parameters.add(new Graph.ParameterInfo(mean, constant, Role.CONSTANT, Optional.empty()));
        parameters.add(new Graph.ParameterInfo(factor, constant, Role.CONSTANT, Optional.empty()));
        int variables = g.variableCount();
        int first = variables + ADDED;
        List<Graph.Node> nodes = new ArrayList<>();
        nodes.add(new Graph.Node(
                name + ":centre",
                new Sub(),
                List.of(new Graph.Ref(input, 0), new Graph.Ref(variables, 0)),
                List.of(row)));
        nodes.add(new Graph.Node(
                name + ":scale",
                new Mul(),
                List.of(new Graph.Ref(first, 0), new Graph.Ref(variables + 1, 0)),
                List.of(row)));
        for (Graph.Node n : g.nodes()) {
            List<Graph.Ref> inputs =
                    n.inputs().stream().map(r -> moved(r, input, variables)).toList();
            nodes.add(new Graph.Node(n.name(), n.operator(), inputs, n.outputs()));
        }
        Graph wrapped = new Graph(
                g.inputs(),
                parameters,
                nodes,
                g.outputs().stream().map(r -> moved(r, input, variables)).toList(),
                g.updates().stream()
                        .map(u -> new Graph.Update(u.parameter(), moved(u.value(), input, variables)))
                        .toList(),
                g.attributes(),
                g.outputNames());
        try (Scope scope = Scope.open()) {
            Map<String, NDArray> values = new LinkedHashMap<>();
            if (!network.values().isEmpty()) {
                values.putAll(SafeTensors.read(network.values()).tensors());
            }
            values.put(mean, NDArray.of(constants.shape(), constants.mean()));
            values.put(factor, NDArray.of(constants.shape(), constants.factor()));
            return network.with(wrapped, SafeTensors.toChunks(values, Map.of()));
        } catch (IOException e) {
            throw new UncheckedIOException("training: values: " + e.getMessage(), e);
        }
    }

    /**
     * A reference shifted by the new variables and nodes; consumers of the input read the last of the new nodes
     * instead.
     */
    private static Graph.Ref moved(Graph.Ref r, int input, int variables) {
        if (r.value() == input) {
            return new Graph.Ref(variables + ADDED + 1, 0);
        }
        return r.value() < variables ? r : new Graph.Ref(r.value() + 2 * ADDED, r.output());
    }

    /**
     * Puts nodes after a network.
     *
     * @param g the network
     * @param target the target it was trained for
     * @return the network with outputs in the target's own unit
     */
    public static Graph target(Graph g, Target target) {
        Graph.Ref out = g.outputs().get(0);
        Spec spec = g.spec(out);
        int next = g.variableCount() + g.nodes().size();
        List<Graph.Node> nodes = new ArrayList<>(g.nodes());
        nodes.add(new Graph.Node(TARGET_SCALE, new MulScalar(target.deviation()), List.of(out), List.of(spec)));
        nodes.add(new Graph.Node(
                TARGET_SHIFT, new AddScalar(target.mean()), List.of(new Graph.Ref(next, 0)), List.of(spec)));
        return new Graph(
                g.inputs(), g.parameters(), nodes, List.of(new Graph.Ref(next + 1, 0)), g.updates(), g.attributes());
    }

    /**
     * The target for which a network was trained before.
     *
     * @param g the network
     * @return the argument of {@link #target(Graph, Target)}, or empty if that did not make this graph
     */
    public static Optional<Target> target(Graph g) {
        int n = g.nodes().size();
        if (n >= ADDED
                && g.outputs().equals(List.of(new Graph.Ref(g.variableCount() + n - 1, 0)))
                && g.nodes().get(n - 1).name().equals(TARGET_SHIFT)
                && g.nodes().get(n - 1).operator() instanceof AddScalar shift
                && g.nodes().get(n - ADDED).name().equals(TARGET_SCALE)
                && g.nodes().get(n - ADDED).operator() instanceof MulScalar scale) {
            return Optional.of(new Target(shift.c(), scale.c()));
        }
        return Optional.empty();
    }

    /**
     * Removes the nodes after a network, so that it can be trained further.
     *
     * @param network a network that has a {@linkplain #target(Graph) target}
     * @return the network with standardised predictions
     */
    public static Network.Traced withoutTarget(Network.Traced network) {
        Graph g = network.graph();
        int n = g.nodes().size();
        Graph inner = new Graph(
                g.inputs(),
                g.parameters(),
                g.nodes().subList(0, n - ADDED),
                g.nodes().get(n - ADDED).inputs(),
                g.updates(),
                g.attributes());
        return network.with(inner, network.values());
    }
}
