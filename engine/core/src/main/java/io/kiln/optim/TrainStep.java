package io.kiln.optim;

import io.kiln.compile.CompileOptions;
import io.kiln.compile.Executable;
import io.kiln.compile.internal.CapturedWork;
import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.Parameter;
import io.kiln.nn.loss.Loss;
import io.kiln.op.Role;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A training step as one compiled program: forward pass, loss, backward pass and the optimizer's update, which takes
 * place as soon as a gradient is final. It computes what {@link Trainer} computes with the mean loss of each batch.
 *
 * <pre>{@code
 * try (TrainStep step = new TrainStep(net, new SoftmaxCrossEntropy(), new UpdateRule(new Adam()))) {
 *     for (Batch batch : batches) {
 *         double loss = step.run(batch.x(), batch.y());
 *     }
 * }
 * }</pre>
 *
 * <p>A large table of which a batch looks up few rows (an embedding) is not updated whole in each step: updates of the
 * other rows, by momentum or decay, wait until they are looked up again or {@link Parameter#value()} is asked for, and
 * give the same bits as if they had been made at once. An array that was got from the parameter earlier shows them
 * late. A table that {@linkplain Parameter#keepRowGradient keeps its gradient by rows} is updated lazily, as by a
 * {@code Trainer}.
 *
 * <p>A device that {@linkplain io.kiln.backend.Traits#captures captures} work is given the whole step in one call from
 * the third batch of a shape on, the updates included. Steps with a listener, with gradients by rows, or of a {@link
 * CompanionOptimizer} are given kernel by kernel.
 *
 * <p>Concurrency: one thread.
 */
public final class TrainStep implements AutoCloseable {
    /** Below this size in bytes a table is updated whole. */
    static final long LARGE_TABLE = 1 << 20;

    /** A table is updated whole when a batch looks up more than one in so many of its rows. */
    static final long FEW_ROWS = 4;

    private static final NDArray[] NO_STATES = {};

    private final UpdateRule rule;
    private final GradientStep gradients;
    private final Map<String, Parameter> parameters;
    private final Map<String, NDArray[]> states = new HashMap<>();
    private final Map<String, DeferredRows> deferred = new HashMap<>();
    private final Map<String, PreparedUpdate> prepared = new HashMap<>();
    private final Map<Executable, CapturedWork> captured;
    private final UpdateNumbers[] numbers = new UpdateNumbers[2];
    private final boolean clips;
    private long steps;
    private Update current;

    /**
     * Makes the step.
     *
     * @param network the network
     * @param loss its loss, of which the mean over the batch is taken
     * @param rule how to update the parameters
     */
    public TrainStep(Block network, Loss loss, UpdateRule rule) {
        this(network, loss, rule, new CompileOptions());
    }

    /**
     * Makes the step.
     *
     * @param network the network
     * @param loss its loss, of which the mean over the batch is taken
     * @param rule how to update the parameters
     * @param options how to compile
     */
    public TrainStep(Block network, Loss loss, UpdateRule rule, CompileOptions options) {
        this.rule = rule;
        this.parameters = network.parameters();
        Arrays.setAll(numbers, kind -> new UpdateNumbers(rule.optimizer()));
        this.clips = Double.isFinite(rule.clipNorm());
        this.captured = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Executable, CapturedWork> oldest) {
                if (size() > options.programs()) {
                    oldest.getValue().close();
                    return true;
                }
                return false;
            }
        };
        this.gradients = new GradientStep(
                network, in -> new NDArray[] {loss.mean(network.call(in[0]), in[1])}, new Tables(), options);
    }

    /**
     * Trains with one batch. On a device it waits once, for the loss, and what is wrong with gradients or indices comes
     * with it; an update whose norm is not finite has then changed nothing.
     *
     * @param data the network's input, [N,…]
     * @param label what the network should give
     * @return the mean loss of the batch, before the update
     * @throws IllegalStateException if the gradients are clipped and their norm is NaN
     */
    public double run(NDArray data, NDArray label) {
        return run(GradientStep.Listener.NONE, data, label);
    }

    /**
     * Trains with one batch.
     *
     * @param listener receives gradients as soon as they are final, before the update
     * @param data the network's input, [N,…]
     * @param label what the network should give
     * @return the mean loss of the batch, before the update
     */
    public double run(GradientStep.Listener listener, NDArray data, NDArray label) {
        steps++;
        try (Scope scope = Scope.open()) {
            current = new Update(listener);
            Executable program = captures(listener, data) ? executable(data, label) : null;
            boolean repeats = program != null
                    && (captured.containsKey(program) || !program.program().hasRows());
            return (repeats ? capturable(program, data, label) : lossOf(data, label)).item();
        } finally {
            current = null;
        }
    }

    private NDArray lossOf(NDArray... data) {
        current.restart();
        NDArray loss = gradients.run(current, data)[0];
        if (clips) {
            current.clipped();
        }
        return loss;
    }

    /** Whether the device repeats steps by itself: nothing but scalars and random draws differs between two of them. */
    private boolean captures(GradientStep.Listener listener, NDArray data) {
        return listener == GradientStep.Listener.NONE
                && data.backend().traits().captures()
                && UpdateNumbers.suffice(rule.optimizer());
    }

    private NDArray capturable(Executable program, NDArray... data) {
        List<NDArray> others = new ArrayList<>();
        for (Graph.ParameterInfo of : program.program().graph().parameters()) {
            Parameter p = parameters.get(of.name());
            if (p != null) { // else a constant of the program's own
                others.add(p.value());
                others.addAll(Arrays.asList(states.getOrDefault(of.name(), NO_STATES)));
            }
        }
        current.refresh();
        return captured.computeIfAbsent(
                        program, e -> new CapturedWork("training step on " + Arrays.toString(specs(data))))
                .run(inputs -> new NDArray[] {lossOf(inputs)}, others.toArray(NO_STATES), data)[0];
    }

    private static Spec[] specs(NDArray... data) {
        return Arrays.stream(data).map(NDArray::spec).toArray(Spec[]::new);
    }

    /** Updates parameters as their gradients come, or all of them in the end when the norm of all decides. */
    private final class Update implements GradientStep.Listener {
        private final GradientStep.Listener next;
        private final double rate = rule.schedule().at(steps);
        private final double[] rescaled = {Double.NaN, Double.NaN};
        private final List<String> names = new ArrayList<>();
        private final List<NDArray> waiting = new ArrayList<>();
        private final Map<String, RowSparse> waitingRows = new LinkedHashMap<>();
        private LateClip late;

        Update(GradientStep.Listener next) {
            this.next = next;
        }

        /** Forgets gradients of a capture that was refused: the same step runs again. */
        void restart() {
            names.clear();
            waiting.clear();
            late = null;
        }

        @Override
        public void gradient(String name, NDArray gradient) {
            next.gradient(name, gradient);
            if (clips) {
                names.add(name);
                waiting.add(gradient);
            } else {
                update(name, gradient, 1);
            }
        }

        @Override
        public void bucket(int index, NDArray flat) {
            next.bucket(index, flat);
        }

        void clipped() {
            List<NDArray> all = new ArrayList<>(waiting);
            waitingRows.values().forEach(g -> all.add(g.rows()));
            late = LateClip.of(all, 1, rule.clipNorm(), this::normError);
            double factor = late == null ? factor(Math.sqrt(GradientClipping.sumOfSquares(all))) : 1;
            for (int i = 0; i < names.size(); i++) {
                update(names.get(i), waiting.get(i), factor);
            }
            waitingRows.forEach((name, gradient) -> {
                lazily(name, gradient, factor);
                gradient.close();
            });
        }

        private double factor(double norm) {
            double factor = GradientClipping.factor(norm, rule.clipNorm());
            if (Double.isNaN(factor)) {
                throw normError(norm);
            }
            return factor;
        }

        private RuntimeException normError(double norm) {
            return new IllegalStateException("train step: the norm of the gradients is " + norm + " at step " + steps
                    + "; lower the learning rate or look for NaN in the data");
        }

        private void update(String name, NDArray gradient, double rescale) {
            Parameter p = parameters.get(name);
            UpdateNumbers now = numbers(p.role(), rescale);
            if (late == null && PreparedUpdate.serves(rule.optimizer())) {
                PreparedUpdate ready = prepared.get(name);
                if (ready == null) {
                    ready = new PreparedUpdate(rule.optimizer(), p.value(), gradient, state(name, p));
                    prepared.put(name, ready);
                }
                ready.run(p.value(), gradient, now.scalars());
            } else {
                Updates.run(now, late, p.value(), gradient, state(name, p));
            }
            DeferredRows rows = deferred.get(name);
            if (rows != null) {
                rows.updatedElsewhere();
            }
        }

        /** The gradient of a table, whose numbers may come again. */
        private void rows(String name, NDArray numbers, NDArray gradient) {
            Parameter p = parameters.get(name);
            if (next != GradientStep.Listener.NONE) {
                try (Scope scope = Scope.open();
                        RowSparse sparse = RowSparse.of(p.shape(), numbers, gradient)) {
                    next.gradient(name, sparse.toDense());
                }
            }
            if (isLazy(name)) {
                try (Scope scope = Scope.open()) {
                    RowSparse sparse = RowSparse.of(p.shape(), numbers, gradient);
                    if (clips) {
                        waitingRows.put(name, sparse.detach());
                    } else {
                        lazily(name, sparse, 1);
                    }
                }
            } else {
                deferred.get(name).update(gradient, step(p.role(), 1));
            }
        }

        private void lazily(String name, RowSparse gradient, double rescale) {
            Parameter p = parameters.get(name);
            Updates.runLazily(rule.optimizer(), step(p.role(), rescale), late, p.value(), gradient, state(name, p));
        }

        /**
         * They are the same for all parameters of one step that decay, and for all others: {@code rescale} is one
         * number.
         */
        private UpdateNumbers numbers(Role role, double rescale) {
            int kind = role.isDecayed() ? 1 : 0;
            if (rescaled[kind] != rescale) {
                numbers[kind].set(step(role, rescale));
                rescaled[kind] = rescale;
            }
            return numbers[kind];
        }

        /** Finds the numbers of this step for work that reads them by itself. */
        void refresh() {
            numbers(Role.WEIGHT, 1);
            numbers(Role.BIAS, 1);
        }

        private Step step(Role role, double rescale) {
            return rule.step(steps, role, rescale).withLearningRate(rate);
        }
    }

    private boolean isLazy(String name) {
        return parameters.get(name).keepsRowGradient() && !deferred.containsKey(name);
    }

    /** Tables whose gradients are wanted by rows. */
    private final class Tables implements GradientStep.RowListener {
        /**
         * Lazily where that was asked for; else where it pays, and gives the same bits: rows of one look-up are added
         * in order.
         */
        @Override
        public boolean keeps(String name, int lookUps, long rows) {
            Parameter p = parameters.get(name);
            if (!rule.optimizer().updatesLazily()) {
                return false;
            }
            long bytes = p.shape().size() * p.dtype().bytes();
            boolean large = bytes >= LARGE_TABLE && rows * FEW_ROWS <= p.shape().dim(0);
            return isLazy(name) || !clips && lookUps == 1 && large;
        }

        @Override
        public NDArray table(String name) {
            DeferredRows rows = deferred.get(name);
            if (rows != null) {
                rows.claim();
            }
            return parameters.get(name).storedValue();
        }

        @Override
        public void looksUp(String name, NDArray numbers) {
            Parameter p = parameters.get(name);
            if (!isLazy(name)) {
                deferred.computeIfAbsent(name, n -> deferredRows(n, p)).looksUp(numbers);
            }
        }

        private DeferredRows deferredRows(String name, Parameter p) {
            boolean used = states.containsKey(name); // a batch with many rows has updated the whole table
            DeferredRows made = new DeferredRows(
                    p,
                    rule.optimizer(),
                    state(name, p),
                    current.step(p.role(), 1).weightDecay() > 0);
            if (used) {
                made.updatedElsewhere();
            }
            return made;
        }

        @Override
        public void gradient(String name, NDArray numbers, NDArray gradient) {
            current.rows(name, numbers, gradient);
        }
    }

    private NDArray[] state(String name, Parameter p) {
        NDArray[] known = states.get(name);
        if (known != null) {
            return known;
        }
        NDArray[] arrays = new NDArray[rule.optimizer().stateCount()];
        try (Scope scope = Scope.open()) {
            for (int i = 0; i < arrays.length; i++) {
                arrays[i] =
                        p.storedValue().factory().zeros(p.shape(), p.dtype()).detach();
            }
        }
        states.put(name, arrays);
        return arrays;
    }

    /**
     * The program for batches of these shapes, compiled if need be.
     *
     * @param data the network's input
     * @param label its label
     * @return the executable
     */
    public Executable executable(NDArray data, NDArray label) {
        return gradients.executable(data, label);
    }

    /**
     * How many steps were made.
     *
     * @return the number of the last step
     */
    public long steps() {
        return steps;
    }

    /** Frees states, buckets and programs; the network stays. */
    @Override
    public void close() {
        captured.values().forEach(CapturedWork::close);
        captured.clear();
        deferred.values().forEach(DeferredRows::close);
        deferred.clear();
        prepared.clear();
        gradients.close();
        states.values().forEach(all -> {
            for (NDArray a : all) {
                a.close();
            }
        });
        states.clear();
    }
}
