package io.kiln.symbol;

import io.kiln.op.Argument;
import io.kiln.op.ParametricOperator;
import io.kiln.op.Role;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The nodes on which outputs depend, each once and after its inputs, and the roles of variables by their use. */
final class SymbolWalk {
    final List<SymbolNode> nodes;
    private final Map<SymbolNode, Role> roles = new IdentityHashMap<>();

    SymbolWalk(Collection<SymbolNode.Output> heads) {
        Set<SymbolNode> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        List<SymbolNode> order = new ArrayList<>();
        for (SymbolNode.Output h : heads) {
            visit(h.node(), seen, order);
        }
        nodes = Collections.unmodifiableList(order);
        nodes.forEach(this::noteRoles);
    }

    /** Depth first without recursion: networks may be deeper than a thread's stack. */
    private static void visit(SymbolNode head, Set<SymbolNode> seen, List<SymbolNode> order) {
        Deque<SymbolNode> path = new ArrayDeque<>();
        Deque<Integer> next = new ArrayDeque<>();
        if (seen.add(head)) {
            path.push(head);
            next.push(0);
        }
        while (!path.isEmpty()) {
            int i = next.pop();
            SymbolNode node = path.peek();
            if (i == node.inputs.size()) {
                order.add(path.pop());
                continue;
            }
            next.push(i + 1);
            SymbolNode input = node.inputs.get(i).node();
            if (seen.add(input)) {
                path.push(input);
                next.push(0);
            }
        }
    }

    private void noteRoles(SymbolNode node) {
        if (node.operator instanceof ParametricOperator p) {
            List<Argument> arguments = p.arguments();
            for (int i = 0; i < Math.min(arguments.size(), node.inputs.size()); i++) {
                SymbolNode input = node.inputs.get(i).node();
                Role role = arguments.get(i).role().orElse(null);
                // A lookup table may also be data.
                if (input.isVariable() && role != null && role != Role.EMBEDDING) {
                    roles.putIfAbsent(input, role);
                }
            }
        }
    }

    /** The role of a variable: as declared, or else by its use; null for data. */
    Role role(SymbolNode variable) {
        return variable.variable.role() != null ? variable.variable.role() : roles.get(variable);
    }

    List<SymbolNode> variables() {
        return nodes.stream().filter(SymbolNode::isVariable).toList();
    }

    /** Variables by name, checked to be unique together with the names of all nodes. */
    Map<String, SymbolNode> byName() {
        Map<String, SymbolNode> map = new LinkedHashMap<>();
        for (SymbolNode n : nodes) {
            if (map.put(n.name, n) != null) {
                throw new IllegalArgumentException("symbol: the name " + n.name
                        + " occurs twice; give one of the two another name, or open a SymbolScope with a prefix");
            }
        }
        return map;
    }

    /** The values that are written back to variables of these nodes after a run in train mode. */
    Map<SymbolNode, SymbolNode.Output> updates(Map<SymbolNode, SymbolNode.Output> stated) {
        Map<SymbolNode, SymbolNode.Output> updates = new LinkedHashMap<>();
        for (SymbolNode n : nodes) {
            if (n.operator instanceof ParametricOperator p) {
                p.updates().forEach((output, input) -> {
                    SymbolNode v = n.inputs.get(input).node();
                    if (v.isVariable()) {
                        updates.put(v, n.output(output));
                    }
                });
            }
        }
        Set<SymbolNode> known = Collections.newSetFromMap(new IdentityHashMap<>());
        known.addAll(nodes);
        stated.forEach((variable, value) -> {
            if (known.contains(variable) && known.containsAll(new SymbolWalk(List.of(value)).variables())) {
                updates.put(variable, value);
            }
        });
        Map<SymbolNode, SymbolNode.Output> sorted = new LinkedHashMap<>();
        updates.keySet().stream()
                .sorted((a, b) -> a.name.compareTo(b.name))
                .forEach(v -> sorted.put(v, updates.get(v)));
        return sorted;
    }

    /** The names of values: variables, and for each node its first output and those that are used. */
    List<SymbolNode.Output> values(Collection<SymbolNode.Output> heads) {
        Map<SymbolNode, Set<Integer>> asked = new HashMap<>();
        nodes.forEach(n -> asked.computeIfAbsent(n, k -> new LinkedHashSet<>()).add(0));
        nodes.forEach(n -> n.inputs.forEach(i -> asked.get(i.node()).add(i.index())));
        heads.forEach(h -> asked.get(h.node()).add(h.index()));
        List<SymbolNode.Output> all = new ArrayList<>();
        nodes.forEach(n -> asked.get(n).stream().sorted().forEach(i -> all.add(n.output(i))));
        return all;
    }
}
