package io.kiln.nn;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.compile.CompileOptions;
import io.kiln.compile.Executable;
import io.kiln.compile.GraphCompiler;
import io.kiln.compile.internal.CapturedPredictions;
import io.kiln.compile.internal.ProgramCache;
import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.op.Autocast;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A compiled block: the most recently used executables, one for each signature with which it was called.
 *
 * <p>Concurrency: thread-safe; one thread compiles at a time.
 */
final class Hybrid implements AutoCloseable {
    private final Block block;
    private final CompileOptions options;
    private final ProgramCache<Signature> signatures;
    private final CapturedPredictions captured;
    private volatile Signature last;

    /** An executable, and what calls must have in common for it to serve them. */
    static final class Signature {
        final Backend backend;
        final Spec[] inputs;
        final boolean training;
        final Autocast.Setting casts;
        final boolean differentiable;
        final boolean[] inputNeeds;
        final Graph graph;
        final Map<String, NDArray> constants;
        final Parameter[] parameters;
        final boolean[] trained;
        final Executable executable;
        private final CapturedPredictions captured;
        /** One for being cached, and one for each running call; at 0 it is closed. */
        private final AtomicInteger users = new AtomicInteger(1);

        private Signature(Hybrid owner, boolean differentiable, NDArray... data) {
            this.captured = owner.captured;
            this.backend = data[0].backend();
            this.training = Autograd.isTraining();
            this.casts = Autocast.setting();
            this.differentiable = differentiable;
            this.inputs = new Spec[data.length];
            this.inputNeeds = new boolean[data.length];
            for (int i = 0; i < data.length; i++) {
                inputs[i] = data[i].spec();
                inputNeeds[i] = data[i].gradientState() != null;
            }
            try (Scope scope = Scope.open();
                    Autograd.Mode mode = Autograd.pauseKeepingMode()) {
                Block.Traced traced = owner.block.capture(owner.block::forwardAll, inputs);
                graph = traced.graph();
                constants = new HashMap<>();
                traced.constants()
                        .forEach((n, v) ->
                                constants.put(n, v.to(backend.device()).copy().detach()));
            }
            int count = graph.parameters().size();
            parameters = new Parameter[count];
            trained = new boolean[count];
            Map<String, Parameter> all = owner.block.parameters();
            Set<String> variables = new HashSet<>();
            for (int i = 0; i < count; i++) {
                String name = graph.parameters().get(i).name();
                parameters[i] = constants.containsKey(name) ? null : all.get(name);
                trained[i] = parameters[i] != null
                        && parameters[i].isTrained()
                        && parameters[i].dtype().isFloating();
                if (trained[i]) {
                    variables.add(name);
                }
            }
            for (int i = 0; i < data.length; i++) {
                if (inputNeeds[i]) {
                    variables.add(graph.inputs().get(i).name());
                }
            }
            GraphCompiler compiler = new GraphCompiler(backend, owner.options);
            executable = differentiable
                    ? compiler.differentiable(graph, constants, training, variables, inputs)
                    : compiler.predictor(graph, constants, training, inputs);
        }

        private boolean serves(NDArray... data) {
            if (data.length != inputs.length
                    || training != Autograd.isTraining()
                    || !Objects.equals(casts, Autocast.setting())) {
                return false;
            }
            boolean needs = false;
            for (int i = 0; i < data.length; i++) {
                NDArray x = data[i];
                boolean need = Autograd.isRecording() && x.gradientState() != null;
                if (!x.shape().equals(inputs[i].shape())
                        || x.dtype() != inputs[i].dtype()
                        || differentiable && need != inputNeeds[i]) {
                    return false;
                }
                needs |= need;
            }
            if (data[0].backend() != backend) {
                return false;
            }
            for (int i = 0; i < parameters.length; i++) {
                Parameter p = parameters[i];
                boolean need = p != null && p.isTrained() && p.dtype().isFloating();
                if (differentiable && need != trained[i]) {
                    return false;
                }
                needs |= need;
            }
            return differentiable == (needs && Autograd.isRecording());
        }

        private boolean take() {
            return users.getAndUpdate(n -> n > 0 ? n + 1 : n) > 0;
        }

        /** Ends a call, or the caching of the program. */
        private void release() {
            if (users.decrementAndGet() == 0) {
                captured.forget(executable);
                executable.close();
            }
        }

        NDArray[] values() {
            NDArray[] values = new NDArray[parameters.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = parameters[i] == null ? null : parameters[i].value();
            }
            return values;
        }
    }

    Hybrid(Block block, CompileOptions options) {
        this.block = block;
        this.options = options;
        this.captured = new CapturedPredictions(options);
        this.signatures =
                new ProgramCache<>("hybridize: " + block.getClass().getSimpleName(), options, Signature::release);
    }

    NDArray[] call(NDArray... data) {
        Signature signature = acquire(data);
        try {
            NDArray[] values = signature.values();
            return signature.differentiable
                    ? CompiledFunction.call(signature, values, data)
                    : signature.training
                            ? signature.executable.run(values, data)
                            : captured.run(signature.executable, values, data);
        } finally {
            signature.release();
        }
    }

    /** The program for a call, which is not freed before it is released. */
    private Signature acquire(NDArray... data) {
        while (true) {
            Signature s = last;
            if (s == null || !s.serves(data)) {
                s = find(data);
                if (s == null) {
                    s = compile(data);
                }
                last = s;
            }
            if (s.take()) {
                return s;
            }
            last = null; // dropped meanwhile
        }
    }

    private Signature find(NDArray... data) {
        return signatures.find(s -> s.serves(data), data);
    }

    private synchronized Signature compile(NDArray... data) {
        Signature known = find(data);
        if (known != null) {
            return known;
        }
        if (data.length == 0) {
            throw new IllegalArgumentException(
                    "hybridize: " + block.getClass().getSimpleName() + ": call it with at least one input");
        }
        long start = System.nanoTime();
        Signature s = new Signature(this, isDifferentiable(data), data);
        signatures.add(s, System.nanoTime() - start, data);
        return s;
    }

    private boolean isDifferentiable(NDArray... data) {
        if (!Autograd.isRecording()) {
            return false;
        }
        for (NDArray x : data) {
            if (x.gradientState() != null) {
                return true;
            }
        }
        return block.parameters().values().stream()
                .anyMatch(p -> p.isTrained() && p.dtype().isFloating());
    }

    /** Frees the compiled programs. */
    @Override
    public void close() {
        last = null;
        signatures.clear();
        captured.close();
    }
}
