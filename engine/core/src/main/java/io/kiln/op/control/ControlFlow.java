package io.kiln.op.control;

import io.kiln.graph.Graph;
import io.kiln.graph.GraphBuilder;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Dispatch;
import io.kiln.op.shape.Movement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Loops and branches that depend on values and can still be traced. On data they run the Java code of their bodies step
 * by step, and autograd records it; while a graph is traced, each body is traced once and becomes a graph inside an
 * operator ({@link ForEach}, {@link WhileLoop}, {@link Cond}). Bodies may use arrays and parameters of the enclosing
 * code.
 *
 * <pre>{@code
 * ControlFlow.Step sums = ControlFlow.forEach(
 *         (x, s) -> ControlFlow.Step.of(s.get(0).add(x.get(0)), s.get(0).add(x.get(0))), List.of(data), List.of(zero));
 * }</pre>
 */
public final class ControlFlow {
    private ControlFlow() {}

    /**
     * The result of a step of a loop, or of a whole loop.
     *
     * @param outputs its outputs; of a loop those of all steps, stacked along a new axis 0
     * @param states what goes into the next step; of a loop what came out of the last
     */
    public record Step(List<NDArray> outputs, List<NDArray> states) {
        /**
         * One output and any number of states.
         *
         * @param output the output
         * @param states the states
         * @return the step
         */
        public static Step of(NDArray output, NDArray... states) {
            return new Step(List.of(output), List.of(states));
        }
    }

    /** The body of {@link #forEach}. */
    public interface EntryBody {
        /**
         * Runs on one entry.
         *
         * @param entries one entry of each data array
         * @param states the states
         * @return outputs and new states, of the shapes of the old ones
         */
        Step run(List<NDArray> entries, List<NDArray> states);
    }

    /**
     * What a while loop gives.
     *
     * @param outputs the outputs of all steps, stacked along a new axis 0 of size maxIterations, zeros behind the last step
     * @param variables the variables after the last step
     * @param steps how many steps were made, an int64 scalar
     */
    public record Loop(List<NDArray> outputs, List<NDArray> variables, NDArray steps) {}

    private static boolean isTracing(List<NDArray> arrays) {
        return GraphBuilder.current() != null || arrays.stream().anyMatch(NDArray::isTraced);
    }

    /**
     * Runs a body on each entry of axis 0: {@link ForEach}.
     *
     * @param body the body
     * @param data arrays [n,…] of the same n
     * @param states the first states; may be none
     * @return outputs [n,…] and the last states
     */
    public static Step forEach(EntryBody body, List<NDArray> data, List<NDArray> states) {
        if (data.isEmpty()) {
            throw new IllegalArgumentException("forEach: needs one data array at least");
        }
        long n = data.get(0).shape().rank() == 0 ? 0 : data.get(0).shape().dim(0);
        if (n <= 0 || isTracing(data) || isTracing(states)) {
            return tracedForEach(body, data, states);
        }
        checkEntries(data);
        List<NDArray> now = states;
        List<List<NDArray>> collected = new ArrayList<>();
        for (long at = 0; at < n; at++) {
            long start = at;
            Step step = body.run(
                    data.stream()
                            .map(x -> Movement.squeeze(x.slice(0, start, start + 1), 0))
                            .toList(),
                    now);
            checkStates("forEach", states, step.states());
            now = step.states();
            collected.add(step.outputs());
        }
        List<NDArray> outputs = new ArrayList<>();
        for (int i = 0; i < collected.get(0).size(); i++) {
            int k = i;
            outputs.add(Movement.stack(0, collected.stream().map(c -> c.get(k)).toArray(NDArray[]::new)));
        }
        return new Step(outputs, now);
    }

    private static void checkEntries(List<NDArray> data) {
        for (NDArray x : data) {
            if (x.shape().rank() == 0 || x.shape().dim(0) != data.get(0).shape().dim(0)) {
                throw new ShapeException("forEach: data " + data.indexOf(x) + x.shape()
                        + " needs as many entries along axis 0 as data 0"
                        + data.get(0).shape());
            }
        }
    }

    private static void checkStates(String operation, List<NDArray> before, List<NDArray> after) {
        if (before.size() != after.size()) {
            throw new IllegalArgumentException(
                    operation + ": the body was given " + before.size() + " states and gives back " + after.size());
        }
        for (int i = 0; i < after.size(); i++) {
            Bodies.checkState(operation, i, before.get(i).spec(), after.get(i).spec());
        }
    }

    private static Step tracedForEach(EntryBody body, List<NDArray> data, List<NDArray> states) {
        for (NDArray x : data) {
            if (x.shape().rank() == 0) {
                throw new ShapeException("forEach: data need an axis to run along, got " + x.spec());
            }
        }
        Body traced = new Body();
        try (GraphBuilder builder = GraphBuilder.openBody()) {
            List<NDArray> entries = new ArrayList<>();
            for (int i = 0; i < data.size(); i++) {
                Spec s = data.get(i).spec();
                entries.add(builder.input("entry" + i, new Spec(s.shape().without(0), s.dtype())));
            }
            List<NDArray> inside = inputs(builder, "state", states);
            Step step = body.run(entries, inside);
            checkStates("forEach", states, step.states());
            traced.end(builder, step.outputs(), step.states());
        }
        NDArray[] results = Dispatch.run(
                new ForEach(traced.graph, data.size(), states.size()), join(data, states, traced.captured));
        int outs = results.length - 1 - states.size();
        return new Step(List.of(results).subList(0, outs), List.of(results).subList(outs, results.length - 1));
    }

    /**
     * Runs a body while a condition holds: {@link WhileLoop}.
     *
     * @param condition gives one element, 0 to stop
     * @param body gives outputs and the new variables, of the shapes of the old ones
     * @param variables the first variables, one at least
     * @param maxIterations the most steps, at least 1
     * @return outputs [maxIterations,…], the last variables, and the number of steps
     */
    public static Loop whileLoop(
            Function<List<NDArray>, NDArray> condition,
            Function<List<NDArray>, Step> body,
            List<NDArray> variables,
            int maxIterations) {
        if (variables.isEmpty() || maxIterations < 1) {
            throw new IllegalArgumentException("whileLoop: needs one variable and one iteration at least, got "
                    + variables.size() + " and " + maxIterations);
        }
        if (isTracing(variables) || condition.apply(variables).item() == 0) {
            return tracedWhileLoop(condition, body, variables, maxIterations);
        }
        List<NDArray> now = variables;
        List<List<NDArray>> collected = new ArrayList<>();
        do {
            Step step = body.apply(now);
            checkStates("whileLoop", variables, step.states());
            now = step.states();
            collected.add(step.outputs());
        } while (collected.size() < maxIterations && condition.apply(now).item() != 0);
        List<NDArray> outputs = new ArrayList<>();
        for (int i = 0; i < collected.get(0).size(); i++) {
            int k = i;
            List<NDArray> steps = collected.stream().map(c -> c.get(k)).toList();
            Spec one = steps.get(0).spec();
            outputs.add(WhileLoop.padded(
                    now.get(0).factory(), steps, new Spec(one.shape().insert(0, maxIterations), one.dtype())));
        }
        return new Loop(outputs, now, now.get(0).factory().of(Shape.scalar(), (long) collected.size()));
    }

    private static Loop tracedWhileLoop(
            Function<List<NDArray>, NDArray> condition,
            Function<List<NDArray>, Step> body,
            List<NDArray> variables,
            int maxIterations) {
        Body test = new Body();
        try (GraphBuilder builder = GraphBuilder.openBody()) {
            test.end(builder, List.of(condition.apply(inputs(builder, "variable", variables))), List.of());
        }
        Body once = new Body();
        try (GraphBuilder builder = GraphBuilder.openBody()) {
            Step step = body.apply(inputs(builder, "variable", variables));
            checkStates("whileLoop", variables, step.states());
            once.end(builder, step.outputs(), step.states());
        }
        WhileLoop loop = new WhileLoop(test.graph, once.graph, variables.size(), test.captured.size(), maxIterations);
        NDArray[] results = Dispatch.run(loop, join(variables, test.captured, once.captured));
        int outs = results.length - 2 - variables.size();
        List<NDArray> all = List.of(results);
        return new Loop(all.subList(0, outs), all.subList(outs, results.length - 2), results[results.length - 2]);
    }

    /**
     * Runs one of two branches: {@link Cond}.
     *
     * @param decides one element
     * @param then runs where it differs from 0
     * @param otherwise runs where it is 0; traced, its outputs must have the shapes and dtypes of the other's
     * @return the outputs of the branch
     */
    public static List<NDArray> cond(NDArray decides, Supplier<List<NDArray>> then, Supplier<List<NDArray>> otherwise) {
        if (!decides.isTraced()) {
            return (decides.item() != 0 ? then : otherwise).get();
        }
        Body first = new Body();
        try (GraphBuilder builder = GraphBuilder.openBody()) {
            first.end(builder, then.get(), List.of());
        }
        Body second = new Body();
        try (GraphBuilder builder = GraphBuilder.openBody()) {
            second.end(builder, otherwise.get(), List.of());
        }
        NDArray[] results = Dispatch.run(
                new Cond(first.graph, second.graph), join(List.of(decides), first.captured, second.captured));
        return List.of(results).subList(0, results.length - 1);
    }

    private static List<NDArray> inputs(GraphBuilder builder, String name, List<NDArray> arrays) {
        List<NDArray> inside = new ArrayList<>();
        for (int i = 0; i < arrays.size(); i++) {
            inside.add(builder.input(name + i, arrays.get(i).spec()));
        }
        return inside;
    }

    private static NDArray[] join(List<NDArray> a, List<NDArray> b, List<NDArray> c) {
        List<NDArray> all = new ArrayList<>(a);
        all.addAll(b);
        all.addAll(c);
        return all.toArray(NDArray[]::new);
    }

    /** A body after tracing. */
    private static final class Body {
        private Graph graph;
        private List<NDArray> captured = Collections.emptyList();

        void end(GraphBuilder builder, List<NDArray> outputs, List<NDArray> states) {
            graph = builder.build(join(outputs, states, List.of()));
            captured = List.copyOf(builder.captured());
        }
    }
}
