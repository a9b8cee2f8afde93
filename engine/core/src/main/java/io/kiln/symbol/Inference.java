package io.kiln.symbol;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Argument;
import io.kiln.op.ParametricOperator;
import io.kiln.op.Role;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Infers shapes and dtypes: forward from variables through the operators' rules, and from data to the parameters of the
 * same operator, until nothing changes.
 */
final class Inference {
    private final SymbolWalk walk;
    private final Map<SymbolNode, Shape> shapes = new IdentityHashMap<>();
    private final Map<SymbolNode, DType> dtypes = new IdentityHashMap<>();
    private final Map<SymbolNode, Spec[]> results = new IdentityHashMap<>();
    /** Errors of rules with unknown sizes: they count if the sizes stay unknown. */
    private final Map<SymbolNode, ShapeException> doubts = new IdentityHashMap<>();

    private boolean learnt;

    Inference(SymbolWalk walk, Map<String, Shape> givenShapes, Map<String, DType> givenTypes) {
        this.walk = walk;
        Map<String, SymbolNode> names = walk.byName();
        givenShapes.keySet().forEach(n -> checkName(n, names));
        givenTypes.keySet().forEach(n -> checkName(n, names));
        for (SymbolNode v : walk.variables()) {
            Shape stated = v.variable.shape();
            Shape given = givenShapes.get(v.name);
            if (stated != null && given != null && !stated.accepts(given)) {
                throw new ShapeException(
                        "infer: variable " + v.name + " was declared with shape " + stated + ", got shape " + given);
            }
            learn(v, given);
            learn(v, stated);
            DType type = givenTypes.getOrDefault(v.name, v.variable.dtype());
            if (type != null) {
                dtypes.put(v, type);
            }
        }
        do {
            learnt = false;
            walk.nodes.stream().filter(n -> !n.isVariable()).forEach(this::visit);
        } while (learnt);
    }

    private void checkName(String name, Map<String, SymbolNode> names) {
        if (!names.containsKey(name) || !names.get(name).isVariable()) {
            throw new IllegalArgumentException("infer: the symbol has no variable " + name + ", only "
                    + walk.variables().stream().map(v -> v.name).toList());
        }
    }

    private void learn(SymbolNode variable, Shape shape) {
        if (shape == null) {
            return;
        }
        Shape old = shapes.get(variable);
        Shape now = old == null ? shape : old.join(shape);
        if (!now.equals(old)) {
            shapes.put(variable, now);
            learnt = true;
        }
    }

    private void visit(SymbolNode node) {
        Shape[] in = new Shape[node.inputs.size()];
        for (int i = 0; i < in.length; i++) {
            in[i] = shape(node.inputs.get(i));
        }
        if (node.operator instanceof ParametricOperator p) {
            complete(node, p, in);
        }
        Spec[] specs = new Spec[in.length];
        boolean known = true;
        for (int i = 0; i < in.length; i++) {
            if (in[i] == null || dtype(node.inputs.get(i)) == null) {
                return;
            }
            specs[i] = new Spec(in[i], dtype(node.inputs.get(i)));
            known &= in[i].isKnown();
        }
        try {
            Spec[] now = node.operator.infer(specs);
            doubts.remove(node);
            if (!List.of(now).equals(results.containsKey(node) ? List.of(results.get(node)) : null)) {
                results.put(node, now);
                learnt = true;
            }
        } catch (IllegalArgumentException e) {
            ShapeException named = new ShapeException("in node " + node.name + ": " + e.getMessage());
            if (known) {
                throw named;
            }
            doubts.put(node, named);
        } catch (IndexOutOfBoundsException e) {
            throw new IllegalArgumentException(
                    "in node " + node.name + ": " + node.operator.name() + ": takes more than the " + in.length
                            + " inputs that it was given",
                    e);
        }
    }

    private void complete(SymbolNode node, ParametricOperator p, Shape... in) {
        List<Argument> arguments = p.arguments();
        for (int i = 0; i < node.stated.size(); i++) {
            Shape stated = node.stated.get(i);
            if (in[i] != null && stated != null && !in[i].accepts(stated)) {
                throw new ShapeException("in node " + node.name + ": " + p.name() + ": "
                        + arguments.get(i).name() + " " + node.inputs.get(i).name() + " has shape " + in[i]
                        + ", the sizes stated for the node need " + stated);
            }
            in[i] = in[i] == null ? stated : stated == null ? in[i] : in[i].join(stated);
        }
        Shape[] completed = p.complete(in);
        DType data = parameterType(node, arguments);
        for (int i = 0; i < in.length; i++) {
            in[i] = completed[i];
            SymbolNode v = node.inputs.get(i).node();
            if (v.isVariable()) {
                learn(v, in[i]);
                boolean parameter =
                        i < arguments.size() && arguments.get(i).role().isPresent();
                if (!dtypes.containsKey(v) && parameter && data != null) {
                    boolean statistic = arguments.get(i).role().get().isAuxiliary() && data != DType.FLOAT64;
                    dtypes.put(v, statistic ? DType.FLOAT32 : data);
                    learnt = true;
                }
            }
        }
    }

    /** The dtype for parameters: that of the data, float32 if the data are integers; null while it is unknown. */
    private DType parameterType(SymbolNode node, List<Argument> arguments) {
        boolean open = false;
        for (int i = 0; i < node.inputs.size(); i++) {
            DType t = dtype(node.inputs.get(i));
            if (t != null && t.isFloating()) {
                return t;
            }
            open |= t == null && arguments.get(i).role().isEmpty();
        }
        return open ? null : DType.FLOAT32;
    }

    private Shape shape(SymbolNode.Output o) {
        if (o.node().isVariable()) {
            return shapes.get(o.node());
        }
        Spec s = result(o);
        return s == null ? null : s.shape();
    }

    /** The dtype of a value; variables without a declared dtype are float32, parameters have the dtype of the data. */
    private DType dtype(SymbolNode.Output o) {
        if (o.node().isVariable()) {
            DType t = dtypes.get(o.node());
            boolean data = walk.role(o.node()) == null || walk.role(o.node()) == Role.CONSTANT;
            return t == null && data ? DType.FLOAT32 : t;
        }
        Spec s = result(o);
        return s == null ? null : s.dtype();
    }

    private Spec result(SymbolNode.Output o) {
        Spec[] specs = results.get(o.node());
        if (specs == null) {
            return null;
        }
        if (o.index() >= specs.length) {
            throw new IllegalArgumentException("in node " + o.node().name + ": output " + o.index() + " was asked for, "
                    + o.node().operator.name() + " has " + specs.length);
        }
        return specs[o.index()];
    }

    InferredSpecs known(Collection<SymbolNode.Output> heads) {
        Map<String, InferredSpecs.Known> arguments = new LinkedHashMap<>();
        Map<String, InferredSpecs.Known> auxiliary = new LinkedHashMap<>();
        for (SymbolNode v : walk.variables()) {
            Role role = walk.role(v);
            (role != null && role.isAuxiliary() ? auxiliary : arguments).put(v.name, known(v.output(0)));
        }
        return new InferredSpecs(arguments, heads.stream().map(this::known).toList(), auxiliary);
    }

    private InferredSpecs.Known known(SymbolNode.Output o) {
        return new InferredSpecs.Known(Optional.ofNullable(shape(o)), Optional.ofNullable(dtype(o)));
    }

    /** The specs of a variable or node with known rank. */
    Spec[] specs(SymbolNode node) {
        if (doubts.containsKey(node)) {
            throw doubts.get(node);
        }
        if (!node.isVariable()) {
            Spec[] s = results.get(node);
            if (s == null) {
                throw unknown();
            }
            return s;
        }
        DType type = dtypes.getOrDefault(node, DType.FLOAT32);
        if (shapes.get(node) == null) {
            throw unknown();
        }
        return new Spec[] {new Spec(shapes.get(node), type)};
    }

    /** Fails unless every size is known. */
    void checkComplete() {
        for (SymbolNode n : walk.nodes) {
            if (doubts.containsKey(n)) {
                throw doubts.get(n);
            }
            if (n.isVariable() && !known(n.output(0)).isComplete()) {
                throw unknown();
            }
        }
    }

    private ShapeException unknown() {
        List<String> open = walk.variables().stream()
                .filter(v -> !known(v.output(0)).isComplete())
                .map(v -> v.name + " " + known(v.output(0)))
                .toList();
        return new ShapeException("infer: not enough is known: " + open
                + "; state the shapes of the data, and sizes such as units or channels where a parameter is made");
    }
}
