package io.kiln.autograd;

import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Autocast;
import io.kiln.op.Creation;
import io.kiln.op.GradientContext;
import io.kiln.op.Probe;
import io.kiln.op.RowGradient;
import io.kiln.pointwise.Expr;
import io.kiln.pointwise.PointwiseProgram;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** One walk over the tape, from the heads to the variables, in reverse order of recording. */
final class BackwardPass {
    private static final PointwiseProgram ADD =
            PointwiseProgram.of(Expr.input(0).add(Expr.input(1)));

    private final List<NDArray> heads;
    private final List<NDArray> headGradients;
    private final boolean retainGraph;
    private final boolean createGraph;
    private final List<TapeNode> nodes = new ArrayList<>();
    private final Set<TapeNode> leading = new HashSet<>();
    private final Map<GradientState, NDArray> gradients = new IdentityHashMap<>();
    private final Map<GradientState, RowSparse> rowGradients = new IdentityHashMap<>();
    private boolean byRows;
    /** The states that the heads depend on: their gradient is zero if none flows. */
    private final Set<GradientState> reached = new HashSet<>();

    private final Map<GradientState, Integer> pending = new IdentityHashMap<>();
    private Predicate<GradientState> wanted = s -> false;
    private final Set<NDArray> taken = Collections.newSetFromMap(new IdentityHashMap<>());

    BackwardPass(List<NDArray> heads, List<NDArray> headGradients, boolean retainGraph, boolean createGraph) {
        if (headGradients != null && headGradients.size() != heads.size()) {
            throw new IllegalArgumentException(
                    "backward: " + heads.size() + " heads need as many head gradients, got " + headGradients.size());
        }
        for (NDArray h : heads) {
            if (h.gradientState() == null) {
                throw new IllegalStateException(
                        "backward: head " + h.spec() + " was not recorded or depends on no variable;"
                                + " compute it inside Autograd.record() from arrays given to Autograd.attachGradient");
            }
        }
        this.heads = heads;
        this.headGradients = headGradients;
        this.retainGraph = retainGraph;
        this.createGraph = createGraph;
    }

    void intoVariables(Consumer<NDArray> ready) {
        byRows = true;
        try (Scope scope = Scope.open()) {
            start(GradientState::isVariable);
            for (NDArray h : heads) {
                if (GradientState.of(h).isVariable() && !pending.containsKey(GradientState.of(h))) {
                    finish(h, GradientState.of(h), ready);
                }
            }
            for (TapeNode node : nodes) {
                observedWalk(node);
                for (int i = 0; i < node.inputs.length; i++) {
                    GradientState s = node.inputStates[i];
                    if (s != null && s.isVariable() && pending.merge(s, -1, Integer::sum) == 0) {
                        finish(node.inputs[i], s, ready);
                    }
                }
            }
        }
    }

    List<NDArray> of(List<NDArray> variables) {
        Scope scope = createGraph ? null : Scope.open();
        try {
            Set<GradientState> targets = Collections.newSetFromMap(new IdentityHashMap<>());
            for (NDArray v : variables) {
                if (v.gradientState() == null) {
                    throw new IllegalStateException("grad: " + v.spec() + " is neither a variable nor recorded; call"
                            + " Autograd.attachGradient on it before recording");
                }
                targets.add(GradientState.of(v));
            }
            start(targets::contains);
            Map<GradientState, NDArray> found = new IdentityHashMap<>();
            for (TapeNode node : nodes) {
                for (GradientState s : node.outputStates) {
                    if (targets.contains(s) && gradients.containsKey(s)) {
                        found.put(s, gradients.get(s));
                    }
                }
                observedWalk(node);
            }
            List<NDArray> results = new ArrayList<>();
            for (NDArray v : variables) {
                GradientState s = GradientState.of(v);
                NDArray g = found.getOrDefault(s, gradients.get(s));
                g = g == null ? v.factory().zeros(v.shape(), v.dtype()) : g;
                results.add(scope == null ? g : scope.keep(g));
            }
            return results;
        } finally {
            if (scope != null) {
                scope.close();
            }
        }
    }

    /** Collects the calls to walk, newest first, and seeds the head gradients. */
    private void start(Predicate<GradientState> target) {
        Deque<TapeNode> stack = new ArrayDeque<>();
        Set<TapeNode> seen = new HashSet<>();
        for (NDArray h : heads) {
            push(GradientState.of(h).producer, stack, seen);
        }
        while (!stack.isEmpty()) {
            TapeNode node = stack.pop();
            nodes.add(node);
            for (GradientState s : node.inputStates) {
                if (s != null) {
                    push(s.producer, stack, seen);
                }
            }
        }
        nodes.sort(Comparator.comparingLong((TapeNode n) -> n.sequence).reversed());
        for (int i = nodes.size() - 1; i >= 0; i--) {
            TapeNode node = nodes.get(i);
            if (node.operator != null && !node.operator.followsInputs()) {
                continue;
            }
            for (GradientState s : node.inputStates) {
                if (s != null && leads(s, target)) {
                    leading.add(node);
                    if (s.isVariable()) {
                        pending.merge(s, 1, Integer::sum);
                    }
                }
            }
        }
        nodes.removeIf(n -> !leading.contains(n));
        if (nodes.isEmpty() && heads.stream().noneMatch(h -> target.test(GradientState.of(h)))) {
            return;
        }
        for (int i = 0; i < heads.size(); i++) {
            NDArray h = heads.get(i);
            NDArray g = headGradients == null ? null : headGradients.get(i);
            if (g == null) {
                g = h.factory().ones(h.shape(), h.dtype());
            } else {
                taken.add(g);
            }
            accumulate(h, GradientState.of(h), g, "head");
            reached.add(GradientState.of(h));
        }
        wanted = s -> leads(s, target);
    }

    private boolean leads(GradientState s, Predicate<GradientState> target) {
        return target.test(s) || s.producer != null && leading.contains(s.producer);
    }

    private static void push(TapeNode node, Deque<TapeNode> stack, Set<TapeNode> seen) {
        if (node != null && seen.add(node)) {
            stack.push(node);
        }
    }

    private void observedWalk(TapeNode node) {
        Probe probe = Probe.ofThread();
        if (probe == null) {
            walk(node);
        } else {
            probe.backward(node.place, () -> walk(node));
        }
    }

    private void walk(TapeNode node) {
        NDArray[] dy = new NDArray[node.outputs.length];
        boolean any = false;
        for (int i = 0; i < dy.length; i++) {
            dy[i] = node.outputStates[i] == null ? null : gradients.remove(node.outputStates[i]);
            any |= dy[i] != null;
        }
        if (!reaches(node) && !any) {
            return;
        }
        node.checkNotConsumed();
        NDArray[] dx;
        try (Autograd.Mode mode = Autograd.mode(createGraph, node.training);
                Autocast.Mode plain = Autocast.pause()) {
            boolean rows = takeRows(node, dy);
            dx = node.operator != null ? node.operator.gradient(new Context(node, dy, rows)) : custom(node, dy);
        }
        node.consumed = !retainGraph;
        if (dx.length != node.inputs.length) {
            throw new IllegalStateException("backward: the gradient of " + node.name() + " gave " + dx.length
                    + " arrays for " + node.inputs.length + " inputs");
        }
        for (int i = 0; i < dx.length; i++) {
            GradientState s = node.inputStates[i];
            if (dx[i] != null && s != null && wanted.test(s)) {
                reached.add(s);
                try (Autograd.Mode mode = Autograd.mode(createGraph, node.training);
                        Autocast.Mode plain = Autocast.pause()) {
                    accumulate(node.inputs[i], s, dx[i], node.name());
                }
            }
        }
    }

    /**
     * Marks the inputs of an operator as reached by a head, whether or not a gradient flows; a user's function reports
     * this itself by returning an array or null.
     *
     * @return whether the node must be run even if no gradient flows into it
     */
    private boolean reaches(TapeNode node) {
        boolean some = false;
        for (GradientState s : node.outputStates) {
            some |= reached.contains(s);
        }
        if (some && node.operator != null) {
            for (GradientState s : node.inputStates) {
                if (s != null && wanted.test(s)) {
                    reached.add(s);
                }
            }
        }
        return some && node.operator == null;
    }

    /** Computes the gradient of a first input by rows, if the input wants that and the operator can. */
    private boolean takeRows(TapeNode node, NDArray... dy) {
        GradientState s = node.inputStates.length == 0 ? null : node.inputStates[0];
        if (!byRows || s == null || !s.byRows || !s.isVariable() || !(node.operator instanceof RowGradient r)) {
            return false;
        }
        RowSparse rows = r.rowGradient(new Context(node, dy, false));
        if (rows != null) {
            rowGradients.merge(s, rows, RowSparse::add);
        }
        return rows != null;
    }

    private static NDArray[] custom(TapeNode node, NDArray[] dy) {
        for (int i = 0; i < dy.length; i++) {
            if (dy[i] == null) {
                NDArray y = node.outputs[i];
                dy[i] = y.factory().zeros(y.shape(), y.dtype());
            }
        }
        return node.function.backward(dy);
    }

    private void accumulate(NDArray array, GradientState state, NDArray gradient, String from) {
        if (!gradient.shape().equals(array.shape())) {
            throw new ShapeException("backward: the gradient from " + from + " has shape " + gradient.shape()
                    + ", the array has " + array.shape());
        }
        boolean known = !array.isClosed() && !array.isTraced() && !gradient.isTraced();
        if (known && gradient.backend() != array.backend()) {
            throw new IllegalArgumentException("backward: the gradient from " + from + " lives on " + gradient.device()
                    + ", the array on " + array.device() + "; move the gradient there with to(device)");
        }
        NDArray g = gradient.dtype() == array.dtype() ? gradient : gradient.cast(array.dtype());
        NDArray sum = gradients.get(state);
        gradients.put(state, sum == null ? g : sum.add(g));
    }

    private void finish(NDArray variable, GradientState state, Consumer<NDArray> ready) {
        NDArray g = gradients.remove(state);
        RowSparse rows = rowGradients.remove(state);
        if (state.request == GradReq.NULL) {
            return;
        }
        if (g == null && rows == null) {
            if (!reached.contains(state)) {
                return;
            }
            g = Creation.zerosLike(variable.detach());
        }
        if (g == null && (state.request == GradReq.WRITE || state.gradient == null)) {
            RowSparse sum = state.rows != null && state.request == GradReq.ADD ? state.rows.add(rows) : rows;
            RowSparse own = sum.detach();
            state.clear();
            state.rows = own;
            state.fresh = true;
            ready.accept(variable);
            return;
        }
        if (rows != null) {
            g = g == null ? rows.toDense() : g.add(rows.toDense());
        }
        if (state.rows != null && state.request == GradReq.ADD) {
            g = g.add(state.rows.toDense());
        }
        if (state.request == GradReq.ADD && state.gradient != null) {
            NDArray sum = state.gradient;
            InPlace.run(ADD, new NDArray[] {sum, g}, new NDArray[] {sum});
        } else {
            NDArray own = own(g);
            state.clear();
            state.gradient = own;
        }
        state.fresh = true;
        ready.accept(variable);
    }

    /** The array itself if nothing else can access its memory, otherwise a copy. */
    private NDArray own(NDArray g) {
        boolean exclusive = g.storage().references() == 1 && g.isDense() && taken.add(g);
        return (exclusive ? g : g.copy()).detach();
    }

    private record Context(TapeNode node, NDArray[] outputGradients, boolean firstTaken) implements GradientContext {
        @Override
        public NDArray input(int i) {
            return node.input(i);
        }

        @Override
        public int inputs() {
            return node.inputs.length;
        }

        @Override
        public NDArray output(int i) {
            return node.outputs[i];
        }

        @Override
        public NDArray outputGradient(int i) {
            return outputGradients[i];
        }

        @Override
        public boolean needs(int i) {
            return node.inputStates[i] != null && !(firstTaken && i == 0);
        }

        @Override
        public boolean training() {
            return node.training;
        }
    }
}
