package io.kiln.graph;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Checks that a graph is well formed. */
final class GraphVerifier {
    private GraphVerifier() {}

    static void verify(
            List<Graph.Input> inputs,
            List<Graph.ParameterInfo> parameters,
            List<Graph.Node> nodes,
            List<Graph.Ref> outputs,
            List<Graph.Update> updates,
            Map<String, Map<String, String>> attributes) {
        Set<String> names = new HashSet<>();
        inputs.forEach(i -> unique(i.name(), names));
        Set<String> parameterNames = new HashSet<>();
        for (Graph.ParameterInfo p : parameters) {
            unique(p.name(), names);
            parameterNames.add(p.name());
        }
        int variables = inputs.size() + parameters.size();
        for (int i = 0; i < nodes.size(); i++) {
            Graph.Node node = nodes.get(i);
            unique(node.name(), names);
            for (Graph.Ref r : node.inputs()) {
                check(r, variables + i, variables, nodes, "node " + node.name());
            }
        }
        for (Graph.Ref r : outputs) {
            check(r, variables + nodes.size(), variables, nodes, "outputs");
        }
        for (Graph.Update u : updates) {
            check(u.value(), variables + nodes.size(), variables, nodes, "update of " + u.parameter());
            if (!parameterNames.contains(u.parameter())) {
                throw new IllegalArgumentException("graph: update of unknown parameter " + u.parameter());
            }
        }
        attributes.keySet().forEach(name -> {
            if (!names.contains(name)) {
                throw new IllegalArgumentException("graph: attributes of unknown node " + name);
            }
        });
    }

    static void verifyOutputNames(int outputs, List<String> outputNames) {
        if (outputNames.size() != outputs) {
            throw new IllegalArgumentException("graph: has " + outputs + " outputs, got " + outputNames.size()
                    + " names for them: " + outputNames);
        }
        Set<String> names = new HashSet<>();
        for (String name : outputNames) {
            if (name.isEmpty() || !names.add(name)) {
                throw new IllegalArgumentException("graph: each output needs a name of its own, got " + outputNames);
            }
        }
    }

    private static void unique(String name, Set<String> names) {
        if (!names.add(name)) {
            throw new IllegalArgumentException("graph: the name " + name + " occurs twice");
        }
    }

    private static void check(Graph.Ref r, int bound, int variables, List<Graph.Node> nodes, String where) {
        boolean known = r.value() >= 0 && r.value() < bound;
        int count = known && r.value() >= variables
                ? nodes.get(r.value() - variables).outputs().size()
                : 1;
        if (!known || r.output() < 0 || r.output() >= count) {
            throw new IllegalArgumentException("graph: " + where + " refers to output " + r.output() + " of value "
                    + r.value() + ", which is not among the values 0.." + (bound - 1) + " before it");
        }
    }
}
