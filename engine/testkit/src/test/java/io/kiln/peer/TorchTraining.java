package io.kiln.peer;

import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import io.kiln.ndarray.DType;
import io.kiln.nn.Parameter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * libtorch trains a network that is written in TorchScript: loss, libtorch's autograd and an update in one module, in
 * float64. */
final class TorchTraining implements AutoCloseable {
    /** How weights are updated, in TorchScript. */
    enum Rule {
        /** SGD with momentum 0.9. */
        MOMENTUM("s = s * 0.9 + g", "p = p - s * rate"),
        /** Adam with its customary attributes; c and d are its bias corrections. */
        ADAM(
                "s = s * 0.9 + g * 0.1",
                "t = t * 0.999 + g * g * 0.001",
                "p = p - torch.div(s, c) * rate / (torch.sqrt(torch.div(t, d)) + 1e-08)");

        private final List<String> lines;

        Rule(String... lines) {
            this.lines = List.of(lines);
        }
    }

    private static final String ENGINE = "PyTorch";

    private final NDManager manager = NDManager.newBaseManager(ENGINE);
    private final Model model = Model.newInstance("training", ENGINE);
    private NDList state = new NDList();
    private NDManager owner = manager.newSubManager();
    private int steps;

    /**
     * Prepares the training.
     *
     * @param lines statements that compute {@code loss} from data x, labels y and the parameters, whose names stand with
     *     underscores for dots behind {@code p_}
     * @param parameters the weights to begin with
     * @param rule how they are updated
     * @param rate the learning rate
     */
    TorchTraining(List<String> lines, Map<String, Parameter> parameters, Rule rule, double rate)
            throws IOException, MalformedModelException {
        StringJoiner arguments = new StringJoiner(", ");
        List.of("x", "y", "c", "d").forEach(n -> arguments.add(n + ": Tensor"));
        List<String> body = new ArrayList<>();
        StringJoiner variables = new StringJoiner(", ", "[", "]");
        StringJoiner results = new StringJoiner(", ", "return [torch.detach(loss), ", "]");
        List<String> updates = new ArrayList<>();
        int k = 0;
        for (Map.Entry<String, Parameter> e : parameters.entrySet()) {
            String name = "p_" + e.getKey().replace('.', '_');
            arguments.add("i" + k + ": Tensor").add("s" + k + ": Tensor").add("t" + k + ": Tensor");
            body.add(name + " = torch.requires_grad_(torch.detach(i" + k + "), True)");
            variables.add(name);
            updates.add("p = torch.detach(" + name + ")");
            updates.add("s = s" + k);
            updates.add("t = t" + k);
            updates.add("g = unchecked_cast(Tensor, all[" + k + "])");
            updates.addAll(rule.lines);
            for (String letter : List.of("p", "s", "t")) {
                updates.add(letter + "_" + k + " = " + letter);
                results.add(letter + "_" + k);
            }
            NDArray value = owner.create(
                    e.getValue().value().cast(DType.FLOAT64).toDoubleArray(),
                    new Shape(e.getValue().shape().dims()));
            state.add(value);
            state.add(value.zerosLike());
            state.add(value.zerosLike());
            k++;
        }
        body.addAll(lines);
        body.add("all = torch.grad([loss], " + variables + ", None, False, False, False)");
        body.add("rate = " + rate);
        body.addAll(updates);
        body.add(results.toString());
        String code = "    " + String.join("\n    ", body) + "\n";
        model.load(new ByteArrayInputStream(TorchArchive.of(arguments.toString(), code)));
    }

    /**
     * Makes one step.
     *
     * @param x data
     * @param y labels
     * @return the loss before the update
     */
    double step(io.kiln.ndarray.NDArray x, io.kiln.ndarray.NDArray y) {
        steps++;
        NDManager next = manager.newSubManager();
        try (NDManager batch = manager.newSubManager();
                GradientCollector gradientMode = Engine.getEngine(ENGINE).newGradientCollector()) {
            NDList arguments = new NDList(
                    array(batch, x),
                    array(batch, y),
                    batch.create(1 - Math.pow(0.9, steps)),
                    batch.create(1 - Math.pow(0.999, steps)));
            arguments.addAll(state);
            NDList results = model.getBlock().forward(new ParameterStore(batch, false), arguments, true);
            NDList kept = new NDList(results.subList(1, results.size()));
            kept.attach(next);
            owner.close();
            owner = next;
            state = kept;
            return results.get(0).toType(DataType.FLOAT64, true).getDouble();
        }
    }

    private static NDArray array(NDManager manager, io.kiln.ndarray.NDArray a) {
        Shape shape = new Shape(a.shape().dims());
        return a.dtype().isFloating()
                ? manager.create(a.cast(DType.FLOAT64).toDoubleArray(), shape)
                : manager.create(a.toLongArray(), shape);
    }

    @Override
    public void close() {
        model.close();
        manager.close();
    }
}
