package io.kiln.optim;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.backend.Context;
import io.kiln.backend.Queue;
import io.kiln.compile.CompileOptions;
import io.kiln.compile.Executable;
import io.kiln.compile.GraphCompiler;
import io.kiln.compile.Program;
import io.kiln.compile.internal.CapturedWork;
import io.kiln.compile.internal.ProgramCache;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Loss and gradients of a batch by one compiled program. The gradients lie in contiguous buckets of at least
 * {@value #BUCKET_BYTES} bytes (the last may be smaller), in the order in which the backward pass finishes them, and stay there
 * until the next step; a listener hears of each gradient and bucket while the rest is still being computed.
 *
 * <p>Life cycle: made once; {@link #run} per batch; {@link #close()} frees buckets and programs. Each new shape of a batch
 * is compiled once, and again when so many others were used since that it is {@linkplain CompileOptions#programs not kept}.
 *
 * <p>Concurrency: one thread.
 */
public final class GradientStep implements AutoCloseable {
    /** A bucket is closed at this size. */
    public static final long BUCKET_BYTES = 1 << 20;

    private final Block network;
    private final UnaryOperator<NDArray[]> loss;
    private final Function<String, NDArray> values;
    private final Function<String, NDArray> given;
    private final CompileOptions options;
    private final RowListener rows;
    private final Map<String, Parameter> parameters;
    private final ProgramCache<Compiled> compiled;
    private final Map<String, Place> places = new LinkedHashMap<>();
    private final List<NDArray> buckets = new ArrayList<>();
    private final List<Integer> bucketSizes = new ArrayList<>();

    /** Where a gradient lies: in a bucket of this object, or with number {@link #GIVEN} in memory of the caller. */
    private record Place(NDArray gradient, int bucket) {}

    private static final int GIVEN = -1;

    /** Receives gradients while the backward pass continues. */
    public interface Listener {
        /** Does nothing. */
        Listener NONE = (name, gradient) -> {};

        /**
         * The gradient of a parameter is final, and the rest of the step does not read the parameter any more.
         *
         * @param name the parameter
         * @param gradient its gradient, a view of its bucket
         */
        void gradient(String name, NDArray gradient);

        /**
         * All gradients of a bucket are final.
         *
         * @param index number of the bucket, from 0
         * @param flat its gradients one after the other
         */
        default void bucket(int index, NDArray flat) {}

        /**
         * Whether something is to begin as soon as a gradient is final, while the rest is being computed. A step that a
         * device repeats by itself is cut there; other gradients are told with the next one for which it is, or in the
         * end. Asked when such a step is captured, after {@link #gradient} would have been called.
         *
         * @param name the parameter, each once and in the order of the gradients
         * @return whether to tell the gradients so far at once
         */
        default boolean isAwaited(String name) {
            return true;
        }
    }

    /** Asks for row-wise gradients of tables and receives them. */
    public interface RowListener extends GraphCompiler.ByRows {
        /**
         * The array of a parameter whose gradient is kept by rows.
         *
         * @param name the parameter
         * @return its values
         */
        NDArray table(String name);

        /**
         * Rows are looked up next: what is written to them now is what is read.
         *
         * @param name the parameter
         * @param numbers the numbers of the rows
         */
        default void looksUp(String name, NDArray numbers) {}

        /**
         * The gradient of a parameter by rows. Both arrays are freed when the step ends.
         *
         * @param name the parameter
         * @param numbers the numbers of the rows, which may repeat
         * @param gradient a row for each number
         */
        void gradient(String name, NDArray numbers, NDArray gradient);
    }

    private static final class Compiled {
        Backend backend;
        boolean[] trained;
        Executable executable;
        Map<String, NDArray> constants;
        NDArray[] gradients;
        String[] parameterNames;
        String[] gradientNames;
        Set<String> byRows;
        CapturedWork captured;
        Listener listener;

        void close() {
            captured.close();
            executable.close();
            constants.values().forEach(NDArray::close);
        }
    }

    /**
     * Makes the step of a network whose parameters have their own values.
     *
     * @param network the network
     * @param loss from data to the loss, of one element, and perhaps more outputs; calls the network
     * @param options how to compile
     */
    public GradientStep(Block network, UnaryOperator<NDArray[]> loss, CompileOptions options) {
        this(network, loss, valuesOf(network), name -> null, options);
    }

    /** Makes the step with some gradients by rows. */
    GradientStep(Block network, UnaryOperator<NDArray[]> loss, RowListener rows, CompileOptions options) {
        this(network, loss, valuesOf(network), name -> null, rows, options);
    }

    private static Function<String, NDArray> valuesOf(Block network) {
        Map<String, Parameter> all = network.parameters();
        return name -> all.get(name).value();
    }

    /**
     * Makes the step of a network whose parameters have their values elsewhere.
     *
     * @param network the network
     * @param loss from data to the loss, of one element, and perhaps more outputs; calls the network
     * @param values the array of each parameter by name; it is the same array in each step
     * @param places where the gradient of each parameter shall lie, a row-major array by name, which stays the caller's; null for
     *     a place in a bucket of this object
     * @param options how to compile
     */
    public GradientStep(
            Block network,
            UnaryOperator<NDArray[]> loss,
            Function<String, NDArray> values,
            Function<String, NDArray> places,
            CompileOptions options) {
        this(network, loss, values, places, null, options);
    }

    /**
     * Makes the step of a network whose parameters have their values elsewhere, with some gradients by rows.
     *
     * @param network the network
     * @param loss from data to the loss, of one element, and perhaps more outputs; calls the network
     * @param values the array of each parameter by name; it is the same array in each step
     * @param places where the gradient of each parameter shall lie, a row-major array by name, which stays the caller's; null for
     *     a place in a bucket of this object
     * @param rows asks for gradients by rows and receives them
     * @param options how to compile
     */
    public GradientStep(
            Block network,
            UnaryOperator<NDArray[]> loss,
            Function<String, NDArray> values,
            Function<String, NDArray> places,
            RowListener rows,
            CompileOptions options) {
        this.rows = rows;
        this.network = network;
        this.loss = loss;
        this.values = values;
        this.given = places;
        this.options = options;
        this.parameters = network.parameters();
        this.compiled = new ProgramCache<>("training step", options, Compiled::close);
    }

    /**
     * Computes loss and gradients, in train mode.
     *
     * @param listener receives gradients as soon as they are final
     * @param data the inputs of the loss
     * @return the outputs of the loss, new arrays
     */
    public NDArray[] run(Listener listener, NDArray... data) {
        Compiled c = find(data);
        return c.executable.step(parameters(c), c.gradients, new Forwarding(c, listener), data);
    }

    private NDArray[] parameters(Compiled c) {
        NDArray[] arrays = new NDArray[c.parameterNames.length];
        try (Context.Switch there = Context.switchTo(c.backend)) {
            for (int i = 0; i < arrays.length; i++) {
                String name = c.parameterNames[i];
                arrays[i] = name == null ? null : c.byRows.contains(name) ? rows.table(name) : values.apply(name);
            }
        }
        return arrays;
    }

    /**
     * Computes loss and gradients, in train mode, as {@link #run} does. A device that {@linkplain
     * io.kiln.backend.Traits#captures captures} work is given the step in few calls from the third batch of a shape on:
     * one, and one more for each gradient that the listener {@linkplain Listener#isAwaited awaits}. Steps with
     * gradients by rows are given kernel by kernel.
     *
     * @param listener receives gradients as soon as they are final
     * @param data the inputs of the loss
     * @return the outputs of the loss, valid until the next call
     */
    public NDArray[] repeat(Listener listener, NDArray... data) {
        Compiled c = find(data);
        if (c.executable.program().hasRows()) {
            return run(listener, data);
        }
        c.listener = listener;
        List<NDArray> others = new ArrayList<>(Arrays.asList(parameters(c)));
        others.removeIf(Objects::isNull); // constants of the program's own
        others.addAll(Arrays.asList(c.gradients));
        Queue queue = Context.current().queue(c.backend);
        try {
            return c.captured.run(
                    in -> queue.isCapturing() ? captured(c, queue, in) : run(listener, in),
                    others.toArray(new NDArray[0]),
                    data);
        } finally {
            c.listener = null;
        }
    }

    /** The step with calls of the listener of each replay. */
    private NDArray[] captured(Compiled c, Queue queue, NDArray... data) {
        List<Runnable> calls = new ArrayList<>();
        Listener later = new Listener() {
            @Override
            public void gradient(String name, NDArray gradient) {
                calls.add(() -> {
                    InPlace.bumpVersions(gradient);
                    c.listener.gradient(name, gradient);
                });
            }

            @Override
            public void bucket(int index, NDArray flat) {
                calls.add(() -> c.listener.bucket(index, flat));
            }
        };
        NDArray[] outputs = c.executable.step(
                parameters(c),
                c.gradients,
                new Forwarding(c, later) {
                    @Override
                    public void ready(int gradient, NDArray value) {
                        super.ready(gradient, value);
                        if (c.listener.isAwaited(c.gradientNames[gradient])) {
                            tell(queue, calls);
                        }
                    }
                },
                data);
        tell(queue, calls);
        return outputs;
    }

    private static void tell(Queue queue, List<Runnable> calls) {
        if (!calls.isEmpty()) {
            List<Runnable> now = List.copyOf(calls);
            queue.between(() -> now.forEach(Runnable::run));
            calls.clear();
        }
    }

    /** Forwards gradients to a listener. */
    private class Forwarding implements Executable.Ready {
        private final Compiled c;
        private final Listener listener;
        private final int[] missing = new int[buckets.size()];
        private NDArray rowsSoFar;

        Forwarding(Compiled c, Listener listener) {
            this.c = c;
            this.listener = listener;
            for (int b = 0; b < missing.length; b++) {
                missing[b] = bucketSizes.get(b);
            }
        }

        @Override
        public void ready(int gradient, NDArray value) {
            Program program = c.executable.program();
            String name = c.gradientNames[gradient];
            if (program.rowsOf(gradient) >= 0) {
                rows.gradient(c.gradientNames[program.rowsOf(gradient)], value, rowsSoFar);
            } else if (c.byRows.contains(name)) {
                rowsSoFar = value; // their numbers come next
            } else {
                listener.gradient(name, value);
                int b = places.get(name).bucket();
                if (b != GIVEN && --missing[b] == 0) {
                    listener.bucket(b, buckets.get(b));
                }
            }
        }

        @Override
        public void looksUp(int gradient, NDArray numbers) {
            rows.looksUp(c.gradientNames[gradient], numbers);
        }
    }

    /**
     * The program for batches of these shapes, compiled if need be.
     *
     * @param data the inputs of the loss
     * @return the executable
     */
    public Executable executable(NDArray... data) {
        return find(data).executable;
    }

    private Compiled find(NDArray... data) {
        Compiled known = compiled.find(c -> serves(c, data[0].backend()), data);
        if (known != null) {
            return known;
        }
        long start = System.nanoTime();
        Compiled c = compile(data);
        compiled.add(c, System.nanoTime() - start, data);
        return c;
    }

    private boolean serves(Compiled c, Backend backend) {
        boolean fits = c.backend == backend;
        int i = 0;
        for (Parameter p : parameters.values()) {
            fits &= c.trained[i++] == p.isTrained();
        }
        return fits;
    }

    private Compiled compile(NDArray... data) {
        Compiled c = new Compiled();
        Spec[] inputs = Arrays.stream(data).map(NDArray::spec).toArray(Spec[]::new);
        Graph graph;
        Map<String, NDArray> constants = new HashMap<>();
        c.constants = constants;
        c.backend = data[0].backend();
        try (Scope scope = Scope.open();
                Context.Switch there = Context.switchTo(c.backend);
                Autograd.Mode mode = Autograd.pauseInMode(true)) {
            Block.Traced traced = network.capture(loss, inputs);
            graph = traced.graph();
            traced.constants()
                    .forEach((n, v) ->
                            constants.put(n, v.to(c.backend.device()).copy().detach()));
        }
        Set<String> variables = new HashSet<>();
        c.trained = new boolean[parameters.size()];
        int at = 0;
        for (Map.Entry<String, Parameter> e : parameters.entrySet()) {
            Parameter p = e.getValue();
            c.trained[at++] = p.isTrained();
            if (p.isTrained() && p.dtype().isFloating()) {
                variables.add(e.getKey());
            }
        }
        c.executable = new GraphCompiler(c.backend, options)
                .step(graph, constants, variables, rows == null ? GraphCompiler.ByRows.NONE : rows, inputs);
        c.parameterNames = graph.parameters().stream()
                .map(p -> constants.containsKey(p.name()) ? null : p.name())
                .toArray(String[]::new);
        c.gradientNames = c.executable.program().gradients().toArray(new String[0]);
        c.byRows = new HashSet<>();
        for (int k = 0; k < c.gradientNames.length; k++) {
            int of = c.executable.program().rowsOf(k);
            if (of >= 0) {
                c.byRows.add(c.gradientNames[of]);
            }
        }
        c.captured = new CapturedWork("gradients on " + Arrays.toString(inputs));
        layOut(c.backend, c);
        c.gradients = new NDArray[c.gradientNames.length];
        for (int k = 0; k < c.gradients.length; k++) {
            boolean dense = c.executable.program().rowsOf(k) < 0 && !c.byRows.contains(c.gradientNames[k]);
            c.gradients[k] = dense ? places.get(c.gradientNames[k]).gradient() : null;
        }
        return c;
    }

    /** Makes buckets for the gradients that have no place yet. */
    private void layOut(Backend backend, Compiled c) {
        List<String> open = new ArrayList<>();
        long size = 0;
        for (String name : c.gradientNames) {
            Parameter p = parameters.get(name);
            if (places.containsKey(name) || p == null || c.byRows.contains(name)) {
                continue;
            }
            NDArray place = given.apply(name);
            if (place != null) {
                if (!place.isContiguous() || !place.shape().equals(p.shape()) || place.dtype() != p.dtype()) {
                    throw new IllegalArgumentException("gradientStep: the place for the gradient of " + name
                            + " must be a row-major " + p.dtype() + p.shape() + ", got " + place.spec());
                }
                places.put(name, new Place(place, GIVEN));
                continue;
            }
            if (!open.isEmpty()
                    && (size >= BUCKET_BYTES || parameters.get(open.get(0)).dtype() != p.dtype())) {
                bucket(backend, open);
                open.clear();
                size = 0;
            }
            open.add(name);
            size += p.shape().size() * p.dtype().bytes();
        }
        if (!open.isEmpty()) {
            bucket(backend, open);
        }
    }

    private void bucket(Backend backend, List<String> names) {
        DType dtype = parameters.get(names.get(0)).dtype();
        long size =
                names.stream().mapToLong(n -> parameters.get(n).shape().size()).sum();
        try (Scope scope = Scope.open()) {
            NDArray flat = NDArray.empty(backend, Shape.of(size), dtype, new long[] {1})
                    .detach();
            long start = 0;
            for (String n : names) {
                Shape s = parameters.get(n).shape();
                places.put(
                        n, new Place(flat.view(s, s.contiguousStrides(), start).detach(), buckets.size()));
                start += s.size();
            }
            buckets.add(flat);
            bucketSizes.add(names.size());
        }
    }

    /** Frees buckets and programs. */
    @Override
    public void close() {
        compiled.clear();
        places.values().stream().filter(p -> p.bucket() != GIVEN).forEach(p -> p.gradient()
                .close());
        places.clear();
        buckets.forEach(NDArray::close);
        buckets.clear();
        bucketSizes.clear();
    }
}
