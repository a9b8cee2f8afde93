package io.kiln.nn;

import io.kiln.autograd.Autograd;
import io.kiln.autograd.Function;
import io.kiln.backend.Storage;
import io.kiln.compile.Executable;
import io.kiln.graph.Graph;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.op.Alias;
import io.kiln.op.Dispatch;
import io.kiln.op.random.RandomGenerator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A call of a compiled block as one entry on the tape. Its backward pass is compiled too; a second pass over the same
 * call, or one that is itself differentiated, runs the graph operator by operator.
 */
final class CompiledFunction extends Function {
    private static final Spec NOTHING = new Spec(Shape.of(0), DType.UINT8);

    private final Hybrid.Signature signature;
    private final NDArray[] values;
    private final NDArray[] data;
    private final NDArray[] inputs;
    private final int[] versions;
    private RandomGenerator.State draws;
    private Executable.Call call;
    /** Ends the call with the scope, or with the tape. */
    private NDArray token;

    private CompiledFunction(Hybrid.Signature signature, NDArray[] values, NDArray... data) {
        this.signature = signature;
        this.values = values;
        this.data = data;
        List<NDArray> all = new ArrayList<>(List.of(data));
        for (int i = 0; i < values.length; i++) {
            if (signature.trained[i]) {
                all.add(values[i]);
            }
        }
        inputs = all.toArray(new NDArray[0]);
        versions = new int[inputs.length];
    }

    static NDArray[] call(Hybrid.Signature signature, NDArray[] values, NDArray... data) {
        CompiledFunction f = new CompiledFunction(signature, values, data);
        return f.apply(f.inputs);
    }

    @Override
    protected NDArray[] forward(NDArray... all) {
        for (int i = 0; i < all.length; i++) {
            versions[i] = all[i].storage().version();
        }
        draws = RandomGenerator.state();
        call = signature.executable.begin(values, data);
        token = NDArray.over(Storage.of(signature.backend, 0, 0, call::close), NOTHING);
        return call.outputs();
    }

    @Override
    protected NDArray[] backward(NDArray... outputGradients) {
        if (Autograd.isRecording() || !call.isOpen()) {
            return interpreted(outputGradients);
        }
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].storage().version() != versions[i]) {
                throw new IllegalStateException("backward: " + inputs[i].spec() + ", read by a hybridized block, was"
                        + " overwritten in place after it was recorded; copy it before, or update it after backward");
            }
        }
        List<Integer> heads = signature.executable.program().heads();
        NDArray[] given = heads.stream().map(i -> outputGradients[i]).toArray(NDArray[]::new);
        NDArray[] made = call.backward(given);
        token.close();
        Map<String, NDArray> byName = new HashMap<>();
        List<String> names = signature.executable.program().gradients();
        for (int i = 0; i < made.length; i++) {
            byName.put(names.get(i), made[i]);
        }
        NDArray[] result = new NDArray[inputs.length];
        for (int i = 0; i < data.length; i++) {
            result[i] = byName.get(signature.graph.inputs().get(i).name());
        }
        int at = data.length;
        for (int i = 0; i < values.length; i++) {
            if (signature.trained[i]) {
                result[at++] = byName.get(signature.graph.parameters().get(i).name());
            }
        }
        return result;
    }

    private NDArray[] interpreted(NDArray... outputGradients) {
        boolean higher = Autograd.isRecording();
        RandomGenerator.State now = RandomGenerator.state();
        NDArray[] seen = new NDArray[inputs.length];
        List<NDArray> variables = new ArrayList<>();
        List<Integer> places = new ArrayList<>();
        NDArray[] outputs;
        try (Autograd.Mode record = Autograd.record();
                Autograd.Mode mode = signature.training ? Autograd.trainMode() : Autograd.predictMode()) {
            for (int i = 0; i < inputs.length; i++) {
                seen[i] = Dispatch.one(new Alias(), inputs[i]);
                if (i >= data.length || signature.inputNeeds[i]) {
                    if (seen[i].gradientState() == null) {
                        Autograd.attachGradient(seen[i]);
                    }
                    variables.add(seen[i]);
                    places.add(i);
                }
            }
            RandomGenerator.restore(draws);
            outputs = withoutUpdates().run(named(seen), Arrays.copyOf(seen, data.length));
        } finally {
            RandomGenerator.restore(now);
        }
        List<NDArray> heads = new ArrayList<>();
        List<NDArray> headGradients = new ArrayList<>();
        for (int i = 0; i < outputs.length; i++) {
            if (outputs[i].gradientState() != null) {
                heads.add(outputs[i]);
                headGradients.add(outputGradients[i]);
            }
        }
        NDArray[] result = new NDArray[inputs.length];
        List<NDArray> gradients = Autograd.grad(heads, variables, headGradients, higher, higher);
        for (int i = 0; i < gradients.size(); i++) {
            result[places.get(i)] = gradients.get(i);
        }
        return result;
    }

    private Graph withoutUpdates() {
        Graph g = signature.graph;
        return new Graph(g.inputs(), g.parameters(), g.nodes(), g.outputs(), List.of());
    }

    private Map<String, NDArray> named(NDArray... seen) {
        Map<String, NDArray> named = new HashMap<>(signature.constants);
        int at = data.length;
        for (int i = 0; i < values.length; i++) {
            if (values[i] != null) {
                named.put(signature.graph.parameters().get(i).name(), signature.trained[i] ? seen[at++] : values[i]);
            }
        }
        return named;
    }
}
