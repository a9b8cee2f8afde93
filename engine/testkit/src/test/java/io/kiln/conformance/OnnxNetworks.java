package io.kiln.conformance;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.Nll;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.op.Dispatch;
import io.kiln.op.Operator;
import io.kiln.op.activation.Activation;
import io.kiln.op.attention.ScaledDotProductAttention;
import io.kiln.op.nn.BatchNormOp;
import io.kiln.op.nn.LocalResponseNorm;
import io.kiln.op.nn.Neural;
import io.kiln.op.nn.Normalisation;
import io.kiln.op.recurrent.GruOp;
import io.kiln.op.recurrent.LstmOp;
import io.kiln.op.recurrent.RnnOp;
import io.kiln.op.shape.Movement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Function;

/** Normalisations, losses, attention and recurrent layers of ONNX. */
final class OnnxNetworks {
    private final Map<String, OnnxCall.Adapter> adapters;

    private OnnxNetworks(Map<String, OnnxCall.Adapter> adapters) {
        this.adapters = adapters;
    }

    static void addTo(Map<String, OnnxCall.Adapter> adapters) {
        OnnxNetworks group = new OnnxNetworks(adapters);
        group.normalisations();
        group.losses();
        group.one("Attention", OnnxNetworks::attention);
        adapters.put("RNN", c -> recurrent(c, 1));
        adapters.put("GRU", c -> recurrent(c, 3));
        adapters.put("LSTM", c -> recurrent(c, 4));
    }

    private void one(String name, Function<OnnxCall, NDArray> function) {
        adapters.put(name, c -> new NDArray[] {function.apply(c)});
    }

    private void normalisations() {
        one("Softmax", c -> Neural.softmax(c.x(), (int) c.integer("axis", -1)));
        one("LogSoftmax", c -> Neural.logSoftmax(c.x(), (int) c.integer("axis", -1)));
        one(
                "LRN",
                c -> Normalisation.localResponseNorm(
                        new LocalResponseNorm(
                                c.integer("size", 1), c.real("alpha", 1e-4), c.real("beta", 0.75), c.real("bias", 1)),
                        c.x()));
        adapters.put("BatchNormalization", c -> {
            boolean training = c.flag("training_mode", false);
            try (Autograd.Mode mode = training ? Autograd.trainMode() : Autograd.predictMode()) {
                NDArray[] results = Dispatch.run(
                        new BatchNormOp(c.real("epsilon", 1e-5), c.real("momentum", 0.9), true), c.inputs());
                return training ? results : new NDArray[] {results[0]};
            }
        });
        one(
                "InstanceNormalization",
                c -> Normalisation.instanceNorm(c.x(), c.y(), c.inputs()[2], c.real("epsilon", 1e-5)));
        one(
                "GroupNormalization",
                c -> Normalisation.groupNorm(
                        c.x(), c.y(), c.inputs()[2], c.integer("num_groups", 1), c.real("epsilon", 1e-5)));
        one("LayerNormalization", c -> {
            long tail = tail(c);
            NDArray bias =
                    c.input(2) == null ? NDArray.zeros(Shape.of(tail), c.x().dtype()) : c.inputs()[2].reshape(tail);
            return Neural.layerNorm(c.x().reshape(-1, tail), c.y().reshape(tail), bias, c.real("epsilon", 1e-5))
                    .reshape(c.x().shape());
        });
        one("RMSNormalization", c -> Normalisation.rmsNorm(
                        c.x().reshape(-1, tail(c)), c.y().reshape(tail(c)), c.real("epsilon", 1e-5))
                .reshape(c.x().shape()));
        one("Dropout", c -> {
            if (c.input(2) != null && c.inputs()[2].item() != 0) {
                throw new Refusal("random numbers of dropout");
            }
            try (Autograd.Mode mode = Autograd.predictMode()) {
                return Neural.dropout(c.x(), 0.5);
            }
        });
    }

    private static long tail(OnnxCall c) {
        long tail = 1;
        for (int k = c.axis(-1); k < c.rank(); k++) {
            tail *= c.x().shape().dim(k);
        }
        return tail;
    }

    private void losses() {
        one("SoftmaxCrossEntropyLoss", c -> {
            if (c.outputs().length > 1) {
                throw new Refusal("log probabilities as a second output");
            }
            return loss(c, new SoftmaxCrossEntropy(ignored(c), classWeights(c)));
        });
        one("NegativeLogLikelihoodLoss", c -> loss(c, new Nll(ignored(c), classWeights(c))));
    }

    private static OptionalLong ignored(OnnxCall c) {
        return c.has("ignore_index") ? OptionalLong.of(c.integer("ignore_index", 0)) : OptionalLong.empty();
    }

    private static List<Double> classWeights(OnnxCall c) {
        return c.input(2) == null
                ? List.of()
                : Arrays.stream(c.inputs()[2].toDoubleArray()).boxed().toList();
    }

    private static NDArray loss(OnnxCall c, Loss loss) {
        NDArray scores = classesLast(c.x());
        return switch (c.text("reduction", "mean")) {
            case "mean" -> loss.unreduced(scores, c.y()).sum().div(weight(loss, scores, c.y()));
            case "sum" -> loss.unreduced(scores, c.y()).sum();
            default -> loss.unreduced(scores, c.y());
        };
    }

    private static NDArray weight(Loss loss, NDArray scores, NDArray label) {
        NDArray weights = loss.weights(scores.shape(), label);
        return weights == null
                ? NDArray.scalar(label.size(), scores.dtype())
                : weights.sum().cast(scores.dtype());
    }

    /** [N, C, …] as [N, …, C]. */
    static NDArray classesLast(NDArray x) {
        int rank = x.shape().rank();
        int[] order = new int[rank];
        for (int k = 1; k < rank; k++) {
            order[k] = k == rank - 1 ? 1 : k + 1;
        }
        return x.transpose(order);
    }

    private static NDArray attention(OnnxCall c) {
        c.without("left_window_size", "right_window_size", "softcap", "qk_matmul_output_mode", "softmax_precision");
        if (c.rank() != 4 || c.inputs().length > 4 || c.outputs().length > 1) {
            throw new Refusal("attention with three axes, a cache or further outputs");
        }
        if (c.y().shape().dim(1) != c.x().shape().dim(1)) {
            throw new Refusal("fewer heads of keys than of queries");
        }
        double scale = c.real("scale", 1 / Math.sqrt(c.x().shape().dim(3)));
        NDArray mask = c.input(3);
        Operator operator = new ScaledDotProductAttention(scale, c.flag("is_causal", false), mask != null, 0, true);
        return mask == null
                ? Dispatch.run(operator, c.inputs())[0]
                : Dispatch.run(operator, c.x(), c.y(), c.inputs()[2], mask)[0];
    }

    /** x[T,N,I], w[D,G·H,I], r[D,G·H,H], b[D,2·G·H], lengths, h[D,N,H], c[D,N,H]; the gates of ONNX stand in another order. */
    private static NDArray[] recurrent(OnnxCall c, int gates) {
        c.without("clip", "activations", "input_forget");
        c.only("layout", "0");
        if (c.input(7) != null) {
            throw new Refusal("peepholes");
        }
        List<NDArray> outputs = new ArrayList<>();
        List<NDArray> hidden = new ArrayList<>();
        List<NDArray> cells = new ArrayList<>();
        long directions = c.y().shape().dim(0);
        for (int d = 0; d < directions; d++) {
            boolean reverse = d == 1 || c.text("direction", "forward").equals("reverse");
            NDArray[] results = Dispatch.run(operator(c, gates, reverse), arguments(c, gates, d));
            long last = reverse ? 0 : c.x().shape().dim(0) - 1;
            outputs.add(results[0].expandDims(1));
            hidden.add(results[0].slice(0, last, last + 1));
            if (gates == 4) {
                cells.add(results[1].slice(0, last, last + 1));
            }
        }
        NDArray y = Movement.concat(1, outputs.toArray(NDArray[]::new));
        NDArray h = Movement.concat(0, hidden.toArray(NDArray[]::new));
        return gates == 4
                ? new NDArray[] {y, h, Movement.concat(0, cells.toArray(NDArray[]::new))}
                : new NDArray[] {y, h};
    }

    private static Operator operator(OnnxCall c, int gates, boolean reverse) {
        boolean state = c.input(5) != null || c.input(6) != null;
        boolean lengths = c.input(4) != null;
        return switch (gates) {
            case 4 -> new LstmOp(reverse, false, state, lengths);
            case 3 -> new GruOp(reverse, state, lengths, c.flag("linear_before_reset", false));
            default -> new RnnOp(Activation.TANH, reverse, state, lengths);
        };
    }

    private static NDArray[] arguments(OnnxCall c, int gates, int direction) {
        long hidden = c.integer("hidden_size", 0);
        long rows = gates * hidden;
        NDArray bias = c.input(3) == null
                ? NDArray.zeros(Shape.of(2 * rows), DType.FLOAT32)
                : direction(c.inputs()[3], direction);
        List<NDArray> arguments = new ArrayList<>(List.of(
                c.x(),
                inOrder(direction(c.y(), direction), gates, hidden),
                inOrder(direction(c.inputs()[2], direction), gates, hidden),
                inOrder(bias.slice(0, 0, rows), gates, hidden),
                inOrder(bias.slice(0, rows, 2 * rows), gates, hidden)));
        if (c.input(5) != null || c.input(6) != null) {
            for (int k = 5; k < (gates == 4 ? 7 : 6); k++) {
                arguments.add(
                        c.input(k) == null
                                ? NDArray.zeros(Shape.of(c.x().shape().dim(1), hidden), DType.FLOAT32)
                                : direction(c.inputs()[k], direction));
            }
        }
        if (c.input(4) != null) {
            arguments.add(c.inputs()[4]);
        }
        return arguments.toArray(NDArray[]::new);
    }

    private static NDArray direction(NDArray x, int direction) {
        return x.slice(0, direction, direction + 1).squeeze(0);
    }

    private static NDArray inOrder(NDArray x, int gates, long hidden) {
        int[] order = gates == 4 ? new int[] {0, 2, 3, 1} : gates == 3 ? new int[] {1, 0, 2} : new int[] {0};
        NDArray[] parts = new NDArray[gates];
        for (int k = 0; k < gates; k++) {
            parts[k] = x.slice(0, order[k] * hidden, (order[k] + 1) * hidden);
        }
        return Movement.concat(0, parts);
    }
}
