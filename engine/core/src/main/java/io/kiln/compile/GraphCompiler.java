package io.kiln.compile;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backend;
import io.kiln.backend.Context;
import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.op.Autocast;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Lowers graphs to executables: infers shapes, differentiates, decomposes, simplifies, fuses, chooses layouts, plans
 * memory and binds kernels. A verifier checks the program after each pass.
 *
 * <p>If the environment variable {@code KILN_DUMP_GRAPH} names a directory, each stage is written to a file there.
 *
 * <p>Concurrency: immutable; a compilation belongs to its thread.
 */
public final class GraphCompiler {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    /** Selects which gradients of parameters that are only looked up are kept by rows. */
    public interface ByRows {
        /** None. */
        ByRows NONE = (name, lookUps, rows) -> false;

        /**
         * Called for each parameter of which only whole rows are looked up.
         *
         * @param name the parameter
         * @param lookUps number of operators that look up rows
         * @param rows total number of rows that they look up
         * @return true to get the gradient by rows
         */
        boolean keeps(String name, int lookUps, long rows);
    }

    private final Backend backend;
    private final CompileOptions options;

    /**
     * Creates a compiler for a device.
     *
     * @param backend the device's backend
     * @param options the options
     */
    public GraphCompiler(Backend backend, CompileOptions options) {
        this.backend = backend;
        this.options = options;
    }

    /**
     * Compiles a forward pass.
     *
     * @param graph the graph
     * @param constants values of its constants by name
     * @param training whether it runs in train mode
     * @param inputs shape and dtype of each input, with all sizes known
     * @return the executable
     */
    public Executable predictor(Graph graph, Map<String, NDArray> constants, boolean training, Spec... inputs) {
        return compile(new Program(graph, constants, training), List.of(inputs), null);
    }

    /**
     * Compiles a forward pass with its backward pass.
     *
     * @param graph the graph
     * @param constants values of its constants by name
     * @param training whether it runs in train mode
     * @param variables names of the inputs and parameters to differentiate with respect to
     * @param inputs shape and dtype of each input, with all sizes known
     * @return the executable
     */
    public Executable differentiable(
            Graph graph, Map<String, NDArray> constants, boolean training, Set<String> variables, Spec... inputs) {
        return compile(
                new Program(graph, constants, training), List.of(inputs), new Differentiate(backend, variables, false));
    }

    /**
     * Compiles a training step: the first output is a loss, whose gradients with respect to the variables are computed
     * as well.
     *
     * @param graph the graph
     * @param constants values of its constants by name
     * @param variables names of the parameters to differentiate with respect to
     * @param inputs shape and dtype of each input, with all sizes known
     * @return the executable
     */
    public Executable step(Graph graph, Map<String, NDArray> constants, Set<String> variables, Spec... inputs) {
        return step(graph, constants, variables, ByRows.NONE, inputs);
    }

    /**
     * Compiles a training step with some gradients kept by rows.
     *
     * @param graph the graph
     * @param constants values of its constants by name
     * @param variables names of the parameters to differentiate with respect to
     * @param byRows which gradients of parameters that are only looked up to return {@linkplain Program#rowsOf by rows}
     * @param inputs shape and dtype of each input, with all sizes known
     * @return the executable
     */
    public Executable step(
            Graph graph, Map<String, NDArray> constants, Set<String> variables, ByRows byRows, Spec... inputs) {
        return compile(
                new Program(graph, constants, true),
                List.of(inputs),
                new Differentiate(backend, variables, true, byRows));
    }

    /**
     * Describes how a graph is compiled, stage by stage.
     *
     * @param graph the graph
     * @param training whether it runs in train mode
     * @param inputs shape and dtype of each input, with all sizes known
     * @return the description
     */
    public String explain(Graph graph, boolean training, Spec... inputs) {
        List<Dump.Stage> stages = new ArrayList<>();
        try (Executable e = compile(new Program(graph, Map.of(), training), List.of(inputs), null, stages)) {
            StringBuilder text = new StringBuilder();
            stages.forEach(s -> text.append("== ").append(s.name()).append('\n').append(s.text()));
            return text.toString();
        }
    }

    private List<Pass> passes(
            Program program, List<Spec> inputs, Differentiate differentiate, Target target, Plans plans) {
        List<Pass> passes = new ArrayList<>();
        passes.add(new InferShapes(inputs));
        if (options.optimize() && differentiate != null) {
            passes.add(new PoolBeforeRelu()); // without a gradient, ReLU is best fused into the convolution
        }
        if (differentiate != null) {
            passes.add(differentiate);
        }
        passes.add(new Decompose(plans));
        if (options.optimize()) {
            passes.add(new Simplify());
            passes.add(new CommonSubexpressions());
            passes.add(new DeadNodes());
            passes.add(new FuseConvolution(target));
            if (isUnbounded()) { // masks are kept for the backward pass, packed weights from call to call
                passes.add(new FuseNormRelu(target));
            }
            passes.add(new FusePostOps(target));
            if (isUnbounded()) {
                passes.add(new PackConvolutions(target));
            }
            passes.addAll(target.passes());
        }
        List<Pass> last = lastPasses(target);
        if (!isUnbounded()) {
            List<Graph.ParameterInfo> parameters = program.graph().parameters();
            passes.add(new Recompute(options.memoryBudget(), p -> {
                for (Pass pass : last) {
                    p = pass.run(p);
                }
                return MemoryPlan.of(Lowering.lower(p, plans, parameters)).bytes();
            }));
        }
        passes.addAll(last);
        return passes;
    }

    /** The passes that follow once it is decided which values are kept for the backward pass. */
    private List<Pass> lastPasses(Target target) {
        List<Pass> passes = new ArrayList<>();
        if (options.optimize()) {
            passes.add(new FusePointwise(target, !isUnbounded()));
        }
        passes.add(new DeadNodes());
        return passes;
    }

    private boolean isUnbounded() {
        return options.memoryBudget() == CompileOptions.UNBOUNDED;
    }

    private Executable compile(Program program, List<Spec> inputs, Differentiate differentiate) {
        String directory = System.getenv("KILN_DUMP_GRAPH");
        if (directory == null || directory.isEmpty()) {
            return compile(program, inputs, differentiate, null);
        }
        List<Dump.Stage> stages = new ArrayList<>();
        Executable e = compile(program, inputs, differentiate, stages);
        Dump.write(Path.of(directory), String.format(Locale.ROOT, "graph%03d", NUMBER.getAndIncrement()), stages);
        return e;
    }

    private Executable compile(
            Program program, List<Spec> inputs, Differentiate differentiate, List<Dump.Stage> stages) {
        Target target = Target.of(backend);
        Plans plans = new Plans(backend);
        try (Scope scope = Scope.open();
                Context.Switch there = Context.switchTo(backend);
                Autograd.Mode mode = Autograd.pauseInMode(program.training());
                Autocast.Mode plain = Autocast.pause()) {
            Program p = onDevice(program);
            stage(stages, "traced", p);
            for (Pass pass : passes(program, inputs, differentiate, target, plans)) {
                Program next = pass.run(p);
                Verifier.check(pass.name(), next);
                if (!(pass instanceof InferShapes) && !(pass instanceof Differentiate)) {
                    Verifier.compare(pass.name(), p, next);
                }
                p = next;
                stage(stages, pass.name(), p);
            }
            List<NDArray> folded = new ArrayList<>();
            for (NDArray c : p.constants().values()) {
                if (program.constants().values().stream().noneMatch(given -> given == c)) {
                    folded.add(c.detach());
                }
            }
            List<Graph.ParameterInfo> parameters = program.graph().parameters();
            WeightPrepacking prepacking =
                    options.optimize() && isUnbounded() ? WeightPrepacking.of(p, Target.of(backend)) : null;
            PrepackedWeights prepacked = null;
            if (prepacking != null) {
                LoweredProgram first = Lowering.lower(prepacking.first(), plans, parameters);
                prepacked = new PrepackedWeights(
                        backend, new Executable(backend, prepacking.first(), first, List.of(), null));
                p = prepacking.rest();
                parameters = prepacking.parameters(parameters);
            }
            Executable e = new Executable(backend, p, Lowering.lower(p, plans, parameters), folded, prepacked);
            if (stages != null) {
                stages.add(new Dump.Stage("memory", e.toString()));
            }
            return e;
        }
    }

    /** A graph may be traced while the thread works on another device: its constants are then moved. */
    private Program onDevice(Program program) {
        if (program.constants().values().stream().allMatch(c -> c.backend() == backend)) {
            return program;
        }
        Map<String, NDArray> moved = new HashMap<>(program.constants());
        moved.replaceAll((name, c) -> c.to(backend.device()));
        return new Program(program.graph(), moved, program.heads(), program.gradients(), program.training());
    }

    private static void stage(List<Dump.Stage> stages, String name, Program program) {
        if (stages != null) {
            stages.add(new Dump.Stage(name, Dump.of(program)));
        }
    }
}
