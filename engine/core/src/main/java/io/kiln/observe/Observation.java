package io.kiln.observe;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Context;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.op.Operator;
import io.kiln.op.Probe;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;

/**
 * Shows an observer what this thread runs, until closed.
 *
 * <pre>{@code
 * Profiler profiler = new Profiler();
 * try (Observation o = Observation.open(profiler)) {
 *     network.call(x);
 * }
 * System.out.println(profiler.table());
 * }</pre>
 *
 * <p>Observations may be nested: all observers are called, outer ones first. Several threads may open observations of
 * the same observer. Engines that do not run operators through {@link io.kiln.op.Dispatch} report them with {@link
 * #run}.
 *
 * <p>Concurrency: belongs to the thread that opened it.
 */
public final class Observation extends Probe implements AutoCloseable {
    private static final Context.Local<Observation> CURRENT =
            Context.local(Context.Part.OBSERVATION, Observation.class);

    private final Observation outer;
    private final List<Observer> observers;
    private final Deque<String> blocks;
    private String node;
    private Call.Phase phase = Call.Phase.FORWARD;
    private int depth;
    private boolean reporting;

    private Observation(Observation outer, Observer observer) {
        this.outer = outer;
        observers = new ArrayList<>(outer == null ? List.of() : outer.observers);
        observers.add(observer);
        blocks = outer == null ? new ArrayDeque<>() : outer.blocks;
    }

    /**
     * Starts observing this thread.
     *
     * @param observer is called for each operator, block and span
     * @return the observation, which ends when closed
     */
    public static Observation open(Observer observer) {
        Observation o = new Observation(CURRENT.get(), observer);
        CURRENT.set(o);
        return o;
    }

    /**
     * The observation of this thread.
     *
     * @return null if nothing observes it
     */
    public static Observation current() {
        Observation o = CURRENT.get();
        return o == null || o.reporting ? null : o;
    }

    /** Ends the observation, and those opened after it on this thread. */
    @Override
    public void close() {
        for (Observation o = CURRENT.get(); o != null; o = o.outer) {
            if (o == this) {
                CURRENT.set(outer);
                return;
            }
        }
    }

    @Override
    protected boolean isReporting() {
        return reporting;
    }

    @Override
    public NDArray[] run(Operator operator, NDArray[] inputs, Supplier<NDArray[]> body) {
        depth++;
        NDArray[] outputs;
        long start = System.nanoTime();
        Interval time;
        try {
            outputs = body.get();
        } finally {
            time = new Interval(start, System.nanoTime() - start);
            depth--;
        }
        Call call = new Call(place(operator.name()), operator, phase, depth, inputs, outputs, time);
        report(() -> observers.forEach(o -> o.ran(call)));
        return outputs;
    }

    /**
     * Runs a block's forward pass and reports it.
     *
     * @param name the block's name within its parent; null for the outermost one
     * @param body runs it
     * @return the block's outputs
     */
    public NDArray[] block(String name, Supplier<NDArray[]> body) {
        if (name != null) {
            blocks.addLast(name);
        }
        try {
            NDArray[] outputs = body.get();
            String place = String.join(".", blocks);
            report(() -> observers.forEach(o -> o.finished(place, outputs)));
            return outputs;
        } finally {
            if (name != null) {
                blocks.removeLast();
            }
        }
    }

    /**
     * Attributes the operators that the body runs to a node of a graph.
     *
     * @param name the node's name
     * @param body runs the node
     * @return the body's result
     */
    public NDArray[] node(String name, Supplier<NDArray[]> body) {
        return within(blocks.isEmpty() ? name : String.join(".", blocks) + "." + name, phase, body);
    }

    @Override
    public void backward(String place, Runnable body) {
        within(place, Call.Phase.BACKWARD, () -> {
            body.run();
            return null;
        });
    }

    private NDArray[] within(String newNode, Call.Phase newPhase, Supplier<NDArray[]> body) {
        String oldNode = node;
        Call.Phase oldPhase = phase;
        node = newNode;
        phase = newPhase;
        try {
            return body.get();
        } finally {
            node = oldNode;
            phase = oldPhase;
        }
    }

    @Override
    public String place(String operator) {
        if (node != null) {
            return node;
        }
        return blocks.isEmpty() ? operator : String.join(".", blocks) + "/" + operator;
    }

    /**
     * Reports that a program was compiled.
     *
     * @param nanos duration of the compilation
     * @param kept number of programs that its owner keeps
     */
    public void compiled(long nanos, int kept) {
        String place = String.join(".", blocks);
        report(() -> observers.forEach(o -> o.compiled(place, nanos, kept)));
    }

    private void report(Runnable message) {
        reporting = true;
        try (Autograd.Mode pause = Autograd.pause();
                Scope scope = Scope.open()) {
            message.run();
        } finally {
            reporting = false;
        }
    }

    /**
     * Names a piece of work of this thread.
     *
     * @param name what it is
     * @return closed at the end of the work; null, which try-with-resources allows, if nothing observes the thread
     */
    public static Span span(String name) {
        Observation o = current();
        return o == null ? null : o.new Span(name);
    }

    /** A named piece of work. */
    public final class Span implements AutoCloseable {
        private final String name;
        private final long start = System.nanoTime();

        private Span(String name) {
            this.name = name;
        }

        @Override
        public void close() {
            long nanos = System.nanoTime() - start;
            report(() -> observers.forEach(o -> o.span(name, start, nanos)));
        }
    }
}
