package io.kiln.view;

import io.kiln.backend.Backends;
import io.kiln.compile.CompileOptions;
import io.kiln.compile.Executable;
import io.kiln.compile.GraphCompiler;
import io.kiln.compile.Program;
import io.kiln.graph.Graph;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.loss.Loss;
import io.kiln.op.activation.Activation;
import io.kiln.op.nn.Convolution;
import io.kiln.op.nn.Linear;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The memory for the intermediate values of a network compiled for given shapes; parameters, gradients, inputs and outputs
 * are not included. It is found by compiling, without running the network.
 *
 * <pre>{@code
 * InternalMemory.ofPrediction(network, new Spec(Shape.of(32, 3, 224, 224), DType.FLOAT32)).planned();
 * }</pre>
 *
 * @param planned bytes in the arena of a call
 * @param unshared bytes of the compiled program if no two values shared memory
 * @param naive bytes of all operators as written, neither fused nor sharing memory, with activations counted as operators of their
 *     own (called naive in MXNet's published comparison)
 */
public record InternalMemory(long planned, long unshared, long naive) {

    /**
     * The memory of a forward pass in predict mode.
     *
     * @param network the network, with known shapes
     * @param inputs shape and dtype of each input
     * @return its memory
     */
    public static InternalMemory ofPrediction(Block network, Spec... inputs) {
        return of(network, network::forwardAll, false, inputs);
    }

    /**
     * The memory of a training step: forward pass, mean loss and gradients of all trained parameters.
     *
     * @param network the network, with known shapes
     * @param loss its loss
     * @param input shape and dtype of a batch
     * @param label shape and dtype of its labels
     * @return its memory
     */
    public static InternalMemory ofTraining(Block network, Loss loss, Spec input, Spec label) {
        return of(network, in -> new NDArray[] {loss.mean(network.call(in[0]), in[1])}, true, input, label);
    }

    private static InternalMemory of(Block network, UnaryOperator<NDArray[]> code, boolean training, Spec... inputs) {
        Set<String> variables = network.parameters().entrySet().stream()
                .filter(e -> e.getValue().isTrained())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
        try (Scope scope = Scope.open()) {
            Block.Traced traced = network.capture(code, inputs);
            try (Executable best = compile(traced, new CompileOptions(), training, variables, inputs);
                    Executable plain = compile(traced, new CompileOptions(false), training, variables, inputs)) {
                return new InternalMemory(
                        best.arenaBytes(), best.naiveBytes(), plain.naiveBytes() + activations(plain.program()));
            }
        }
    }

    /** Bytes saved by activations inside convolutions and products. */
    private static long activations(Program program) {
        long bytes = 0;
        for (Graph.Node node : program.graph().nodes()) {
            boolean within = node.operator() instanceof Convolution c && c.activation() != Activation.NONE
                    || node.operator() instanceof Linear l && l.activation() != Activation.NONE;
            Spec y = node.outputs().get(0);
            bytes += within ? y.shape().size() * y.dtype().bytes() : 0;
        }
        return bytes;
    }

    private static Executable compile(
            Block.Traced traced, CompileOptions options, boolean training, Set<String> variables, Spec... inputs) {
        GraphCompiler compiler = new GraphCompiler(Backends.current(), options);
        return training
                ? compiler.step(traced.graph(), traced.constants(), variables, inputs)
                : compiler.predictor(traced.graph(), traced.constants(), false, inputs);
    }

    /** {@return the three sizes, and the ratios of the others to the planned one} */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%d MiB planned, %d MiB without sharing, %d MiB operator by operator: 1/%.2f, 1/%.2f",
                planned >> 20,
                unshared >> 20,
                naive >> 20,
                (double) unshared / planned,
                (double) naive / planned);
    }
}
