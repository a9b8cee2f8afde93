package io.kiln.compile;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.backend.Context;
import io.kiln.backend.Handover;
import io.kiln.backend.Queue;
import io.kiln.compile.internal.SpoiledInput;
import io.kiln.graph.Graph;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.ShapeException;
import io.kiln.op.Alias;
import io.kiln.op.ViewOperator;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A compiled program: a list of kernel calls on planned memory. It is created by {@link GraphCompiler} for one device
 * and one set of input shapes.
 *
 * <p>Concurrency: immutable, any number of threads may run it at once; each call has its own arena, which later calls
 * reuse.
 *
 * <p>Life cycle: {@link #close()} frees the idle arenas; running calls free theirs when they end, and the last of them
 * frees the constants created by compiling. Constants passed to the compiler still belong to the caller.
 */
public final class Executable implements AutoCloseable {
    private final Backend backend;
    private final Program program;
    private final LoweredProgram lowered;
    private final MemoryPlan plan;
    private final Instruction[] steps;
    private final int forwardSteps;
    private final boolean[] isOutput;
    private final Runner runner;
    private final StepGradients gradients;
    private final Deque<Arena> idle = new ConcurrentLinkedDeque<>();
    private final List<NDArray> folded;
    private final PrepackedWeights prepacked;
    private final Handover compiled;
    private final AtomicInteger calls = new AtomicInteger();
    private volatile boolean closed;

    /** With the constants that belong to it, and its inputs besides the caller's parameters; null for none. */
    Executable(
            Backend backend,
            Program program,
            LoweredProgram lowered,
            List<NDArray> folded,
            PrepackedWeights prepacked) {
        this.folded = folded;
        this.prepacked = prepacked;
        this.backend = backend;
        this.program = program;
        this.lowered = lowered;
        this.plan = MemoryPlan.of(lowered);
        this.steps = lowered.instructions();
        this.forwardSteps = lowered.forward().size();
        this.isOutput = new boolean[lowered.slots().length];
        for (int slot : lowered.outputs()) {
            isOutput[slot] = true;
        }
        this.runner = new Runner(lowered);
        this.gradients = new StepGradients(program, lowered);
        this.compiled = Handover.of(backend);
    }

    /**
     * The program in its final form.
     *
     * @return the computation of the steps
     */
    public Program program() {
        return program;
    }

    /**
     * The size of a call's arena.
     *
     * @return bytes
     */
    public long arenaBytes() {
        return plan.bytes();
    }

    /**
     * The size of what is kept from call to call besides the arenas: packed weights and other values that depend on
     * parameters alone.
     *
     * @return bytes
     */
    public long prepackedBytes() {
        return prepacked == null ? 0 : prepacked.bytes();
    }

    /**
     * The size that the arena would have if no two values shared memory.
     *
     * @return bytes
     */
    public long naiveBytes() {
        return plan.naiveBytes();
    }

    /**
     * The number of kernel calls in the forward and backward pass together, not counting views.
     *
     * @return kernel calls
     */
    public int kernelCalls() {
        return (int) Arrays.stream(steps)
                .filter(s -> !(s.operator() instanceof ViewOperator))
                .count();
    }

    /**
     * Runs the forward pass. In train mode it overwrites the parameters that the graph updates.
     *
     * @param parameters values of the graph's parameters, in order; those of constants are ignored
     * @param data one array per input
     * @return the outputs, new arrays
     */
    public NDArray[] run(NDArray[] parameters, NDArray... data) {
        if (prepacked == null) {
            return compute(parameters, data);
        }
        PrepackedWeights.Values more = prepacked.take(parameters, data);
        try {
            NDArray[] all = Arrays.copyOf(parameters, parameters.length + more.arrays.length);
            System.arraycopy(more.arrays, 0, all, parameters.length, more.arrays.length);
            return compute(all, data);
        } finally {
            prepacked.giveBack(more);
        }
    }

    private NDArray[] compute(NDArray[] parameters, NDArray... data) {
        Arena arena = take();
        try {
            return compute(arena, parameters, data);
        } catch (SpoiledInput e) {
            Arena apart = new Arena(backend, lowered, MemoryPlan.apart(lowered), steps);
            try {
                return compute(apart, parameters, data);
            } finally {
                apart.free();
            }
        } finally {
            giveBack(arena);
        }
    }

    private NDArray[] compute(Arena arena, NDArray[] parameters, NDArray... data) {
        bind(arena, parameters, data);
        results(arena, 0, lowered.outputCount());
        forward(arena, false, null, parameters);
        return outputs(arena, 0, lowered.outputCount());
    }

    /**
     * Runs the forward pass and keeps the values that the backward pass needs.
     *
     * @param parameters values of the graph's parameters, in order
     * @param data one array per input
     * @return the call, to be closed
     */
    public Call begin(NDArray[] parameters, NDArray... data) {
        Arena arena = take();
        boolean done = false;
        try {
            bind(arena, parameters, data);
            results(arena, 0, lowered.outputs().length);
            forward(arena, false, null, parameters);
            Call call = new Call(arena, outputs(arena, 0, lowered.outputCount()));
            arena.leave();
            done = true;
            return call;
        } finally {
            if (!done) {
                giveBack(arena);
            }
        }
    }

    /** Called for each parameter gradient during a training step. */
    public interface Ready {
        /**
         * A gradient is final, and no later kernel of the step reads the parameter: it may be overwritten.
         *
         * @param gradient index of the variable in the program's {@linkplain Program#gradients gradients}
         * @param value the gradient: the given array, or else one that is freed when the step ends
         */
        void ready(int gradient, NDArray value);

        /**
         * The next kernel looks up rows of a parameter whose gradient is kept {@linkplain Program#rowsOf by rows}: it
         * reads what is written to these rows now.
         *
         * @param gradient index of the variable in the program's {@linkplain Program#gradients gradients}
         * @param rows indices of the rows, possibly out of range
         */
        default void looksUp(int gradient, NDArray rows) {}
    }

    /**
     * Runs the forward and backward pass of a training step.
     *
     * @param parameters values of the graph's parameters, in order
     * @param places row-major arrays for the gradients, in the order of the program's
     *     {@linkplain Program#gradients gradients}; null for those that only {@code ready} receives
     * @param ready receives each gradient once it is in its array
     * @param data one array per input
     * @return the outputs, new arrays
     */
    public NDArray[] step(NDArray[] parameters, NDArray[] places, Ready ready, NDArray... data) {
        Arena arena = take();
        try (Scope scope = Scope.open()) {
            bind(arena, parameters, data);
            results(arena, 0, lowered.outputCount());
            for (NDArray place : places) {
                if (place != null) {
                    checkDevice("the place of a gradient", place);
                }
            }
            boolean[] placed = gradients.place(arena, places);
            results(arena, lowered.outputCount(), lowered.outputs().length);
            forward(arena, true, gradients.watch(arena, ready), parameters);
            try (Autograd.Mode mode = Autograd.pauseInMode(program.training())) {
                int from = forwardSteps;
                for (int n = 0; n < gradients.count(); n++) {
                    int k = gradients.finishing(n);
                    int to = Math.max(from, gradients.finished(k) + 1);
                    if (to > from) {
                        runner.run(arena, true, from, to, null);
                        from = to;
                    }
                    NDArray g = arena.values[lowered.outputs()[lowered.outputCount() + k]];
                    if (placed[k]) {
                        InPlace.bumpVersions(places[k]);
                    } else if (places[k] != null) {
                        runner.copy(g, places[k]);
                    }
                    ready.ready(k, places[k] != null ? places[k] : g);
                }
                if (from < steps.length) {
                    runner.run(arena, true, from, steps.length, null);
                }
            }
            NDArray[] outputs = outputs(arena, 0, lowered.outputCount());
            for (NDArray y : outputs) {
                scope.keep(y);
            }
            return outputs;
        } finally {
            giveBack(arena);
        }
    }

    /** A forward pass whose backward pass may follow; one thread at a time. */
    public final class Call implements AutoCloseable {
        private final NDArray[] outputs;
        private Arena arena;

        private Call(Arena arena, NDArray... outputs) {
            this.arena = arena;
            this.outputs = outputs;
        }

        /**
         * The results of the forward pass.
         *
         * @return new arrays
         */
        public NDArray[] outputs() {
            return outputs;
        }

        /**
         * Whether the backward pass can still run.
         *
         * @return false after it has run and after {@link #close()}
         */
        public synchronized boolean isOpen() {
            return arena != null;
        }

        /**
         * Runs the backward pass; once.
         *
         * @param heads gradients of the outputs listed in the program's {@linkplain Program#heads heads}
         * @return the gradients of the program's {@linkplain Program#gradients variables}, new arrays
         */
        public NDArray[] backward(NDArray... heads) {
            Arena a = release();
            if (a == null) {
                throw new IllegalStateException("backward: the call is closed or was differentiated already");
            }
            try {
                for (int i = 0; i < heads.length; i++) {
                    checkDevice("head gradient " + i, heads[i]);
                    a.values[program.dataCount() + i] = heads[i];
                }
                results(a, lowered.outputCount(), lowered.outputs().length);
                try (Autograd.Mode mode = Autograd.pauseInMode(program.training())) {
                    runner.run(a, false, forwardSteps, steps.length, null);
                }
                return Executable.this.outputs(a, lowered.outputCount(), lowered.outputs().length);
            } finally {
                giveBack(a);
            }
        }

        private synchronized Arena release() {
            Arena a = arena;
            arena = null;
            if (a != null) {
                a.enter();
            }
            return a;
        }

        /** Discards the values that the backward pass needs. */
        @Override
        public void close() {
            Arena a = release();
            if (a != null) {
                giveBack(a);
            }
        }
    }

    private Arena take() {
        calls.incrementAndGet();
        if (closed) {
            calls.decrementAndGet();
            throw new IllegalStateException("run: the program is closed; compile it anew");
        }
        Queue queue = Context.current().queue(backend);
        compiled.to(queue);
        Arena arena = idle(queue);
        return arena != null ? arena : new Arena(backend, lowered, plan, steps);
    }

    /**
     * An arena that waits for a call: one that this queue has left, or else one that it enters after another queue's
     * work.
     */
    private Arena idle(Queue queue) {
        for (Arena arena : idle) {
            if (arena.isOf(queue) && idle.remove(arena)) {
                return arena;
            }
        }
        Arena other = idle.pollFirst();
        if (other != null) {
            other.enter();
        }
        return other;
    }

    private void giveBack(Arena arena) {
        for (int i = 0; i < lowered.slots().length; i++) {
            Slot s = lowered.slots()[i];
            Slot.Kind root = lowered.slots()[s.root()].kind();
            if (root == Slot.Kind.INPUT || root == Slot.Kind.RESULT) {
                arena.values[i] = null;
            }
        }
        if (Context.current().queue(backend).isCapturing()) {
            arena.free(); // the captured work keeps the memory, for itself
        } else {
            arena.leave();
            idle.addFirst(arena);
        }
        calls.decrementAndGet();
        if (closed) {
            close();
        }
    }

    /** Frees everything that no call uses; later calls are rejected. */
    @Override
    public void close() {
        closed = true;
        for (Arena a = idle.pollFirst(); a != null; a = idle.pollFirst()) {
            a.free();
        }
        if (calls.get() == 0) {
            folded.forEach(NDArray::close);
            if (prepacked != null) {
                prepacked.close();
            }
        }
    }

    private void bind(Arena arena, NDArray[] parameters, NDArray... data) {
        Graph g = program.graph();
        if (data.length != program.dataCount()) {
            throw new IllegalArgumentException(
                    "run: the program has " + program.dataCount() + " inputs, got " + data.length);
        }
        int variables = g.variableCount();
        for (int i = 0; i < variables; i++) {
            Slot s = lowered.slots()[i];
            NDArray x = s.kind() == Slot.Kind.PARAMETER
                    ? parameters[s.number()]
                    : s.kind() == Slot.Kind.INPUT && i < data.length ? data[i] : null;
            if (x != null) {
                if (!x.shape().equals(s.spec().shape()) || x.dtype() != s.spec().dtype()) {
                    throw new ShapeException("run: " + name(g, i) + " needs " + s.spec() + ", got " + x.spec()
                            + "; the program is compiled for one set of shapes");
                }
                checkDevice(name(g, i), x);
                arena.values[i] = x;
            }
        }
    }

    private void checkDevice(String what, NDArray x) {
        if (x.backend() != backend) {
            throw new IllegalArgumentException("run: the program is compiled for " + backend.device() + ", " + what
                    + " lives on " + x.device() + "; move it there with to(device)");
        }
    }

    private static String name(Graph g, int variable) {
        return variable < g.inputs().size()
                ? "input " + g.inputs().get(variable).name()
                : "parameter "
                        + g.parameters().get(variable - g.inputs().size()).name();
    }

    /** New arrays, in the caller's scope, for a range of outputs. */
    private void results(Arena arena, int from, int to) {
        for (int k = from; k < to; k++) {
            int root = lowered.slots()[lowered.outputs()[k]].root();
            Slot s = lowered.slots()[root];
            if (s.kind() == Slot.Kind.RESULT && arena.values[root] == null) {
                arena.values[root] =
                        NDArray.empty(backend, s.spec().shape(), s.spec().dtype(), s.strides());
            }
        }
    }

    private void forward(Arena arena, boolean keepViews, Runner.Watch watch, NDArray... parameters) {
        try (Autograd.Mode mode = Autograd.pauseInMode(program.training())) {
            runner.run(arena, keepViews, 0, forwardSteps, watch);
            if (program.training()) {
                for (LoweredProgram.Update u : lowered.updates()) {
                    runner.copy(arena.values[u.slot()], parameters[u.parameter()]);
                }
            }
        }
    }

    /** The arrays of a range of outputs; one that occurs twice, or is not new, is returned as an additional view. */
    private NDArray[] outputs(Arena arena, int from, int to) {
        NDArray[] outputs = new NDArray[to - from];
        for (int k = from; k < to; k++) {
            int slot = lowered.outputs()[k];
            NDArray y = arena.values[slot];
            Slot.Kind root = lowered.slots()[lowered.slots()[slot].root()].kind();
            boolean view = lowered.slots()[slot].kind() == Slot.Kind.VIEW;
            boolean isNew = root == Slot.Kind.RESULT || view && root == Slot.Kind.INPUT;
            for (int j = 0; j < k; j++) {
                isNew &= lowered.outputs()[j] != slot;
            }
            outputs[k - from] = isNew ? y : new Alias().view(y, y.spec());
        }
        for (int k = Math.max(from, lowered.outputCount()); k < to; k++) {
            int root = lowered.slots()[lowered.outputs()[k]].root();
            if (lowered.slots()[root].kind() == Slot.Kind.RESULT && !isOutput[root]) {
                arena.values[root].close(); // only the view holds the memory: it need not be copied to be kept
            }
        }
        return outputs;
    }

    /**
     * The steps with their memory.
     *
     * @return one line per step
     */
    @Override
    public String toString() {
        return Dump.of(lowered, plan);
    }
}
