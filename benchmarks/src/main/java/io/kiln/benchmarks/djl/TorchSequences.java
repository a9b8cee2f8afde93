package io.kiln.benchmarks.djl;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.Network;
import io.kiln.benchmarks.net.SequenceModel;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A network over sequences as one TorchScript function from batch and weights to the mean loss: libtorch's own fused LSTM, with
 * steps first, and its own scaled dot-product attention, with the weights of queries, keys and values in one matrix.
 */
public final class TorchSequences implements Contender {

    private static final String ENGINE = "PyTorch";

    private static final TorchEncoder ENCODER = new TorchEncoder(
            SequenceModel.LAYERS, SequenceModel.SIZE, SequenceModel.HEADS, SequenceModel.TRANSFORMER.length());

    private final SequenceModel model;
    private final boolean training;
    private final List<NDArray> weights = new ArrayList<>();
    private final List<NDArray> inputs = new ArrayList<>();
    private final List<NDArray> labels = new ArrayList<>();
    private Model module;
    private ParameterStore store;
    private NDArray zeros;
    private Update update;
    private int steps;

    /** Trains the network, or predicts with it. */
    public TorchSequences(SequenceModel model, boolean training) {
        this.model = model;
        this.training = training;
    }

    @Override
    public void load(Setup setup) {
        Engines.load(ENGINE);
    }

    @Override
    public Facts setup(Setup setup) throws Exception {
        module = Model.newInstance("sequences", ENGINE);
        NDManager manager = module.getNDManager();
        for (Network.Parameter p :
                model == SequenceModel.LSTM ? model.parameters() : TorchEncoder.packed(model.parameters())) {
            weights.add(manager.create(p.values(), new Shape(p.shape())));
        }
        module.load(new ByteArrayInputStream(TorchArchive.of(code())));
        store = new ParameterStore(manager, false);
        for (int i = 0; i < SequenceModel.BATCHES; i++) {
            if (model == SequenceModel.LSTM) {
                Shape shape = new Shape(model.batch(), model.length());
                inputs.add(stepsFirst(manager.create(model.words(i), shape)));
                labels.add(stepsFirst(manager.create(model.nextWords(i), shape)));
            } else {
                inputs.add(manager.create(
                        model.features(i), new Shape(model.batch(), model.length(), SequenceModel.SIZE)));
                labels.add(manager.create(model.classes(i)).toType(DataType.INT64, false));
            }
        }
        zeros = manager.zeros(new Shape(SequenceModel.LSTM_LAYERS, model.batch(), SequenceModel.HIDDEN));
        if (training) {
            update = Update.inPlace(weights, model.learningRate());
        }
        long count = weights.stream().mapToLong(NDArray::size).sum();
        return new Facts(ENGINE + " " + Engine.getEngine(ENGINE).getVersion() + ", TorchScript", count);
    }

    private static NDArray stepsFirst(NDArray words) {
        return words.transpose().toType(DataType.INT64, true);
    }

    private String code() {
        StringBuilder body = new StringBuilder();
        if (model == SequenceModel.LSTM) {
            body.append("    e = torch.embedding(w0, x)\n    y = (torch.lstm(e, [z, z], [");
            for (int i = 1; i <= 4 * SequenceModel.LSTM_LAYERS; i++) {
                body.append(i == 1 ? "w" : ", w").append(i);
            }
            body.append("], True, ").append(SequenceModel.LSTM_LAYERS).append(", 0., ");
            body.append(training ? "True" : "False").append(", False, False))[0]\n");
            body.append("    s = torch.reshape(torch.linear(y, w9, w10), [-1, ");
            body.append(SequenceModel.WORDS).append("])\n");
        } else {
            body.append("    y0 = x\n");
            ENCODER.append(body, 0);
            int last = 12 * SequenceModel.LAYERS;
            body.append(String.format(
                    Locale.ROOT,
                    "    s = torch.linear(torch.mean(y%d, [1]), w%d, w%d)%n",
                    SequenceModel.LAYERS,
                    last,
                    last + 1));
        }
        body.append("    return torch.cross_entropy_loss(s, torch.flatten(label), None, 1)\n");
        StringBuilder arguments = new StringBuilder("x: Tensor, label: Tensor, z: Tensor");
        for (int i = 0; i < weights.size(); i++) {
            arguments.append(", w").append(i).append(": Tensor");
        }
        return TorchArchive.module(arguments.toString(), body.toString());
    }

    @Override
    public double step(String caseName) {
        NDArray input = inputs.get(steps % SequenceModel.BATCHES);
        NDArray label = labels.get(steps % SequenceModel.BATCHES);
        steps++;
        try (NDManager step = module.getNDManager().newSubManager()) {
            input.tempAttach(step);
            NDList all = new NDList(input, label, zeros);
            all.addAll(weights);
            if (!training) {
                return module.getBlock()
                        .forward(store, all, false)
                        .singletonOrThrow()
                        .getFloat();
            }
            NDArray mean;
            try (GradientCollector gradients = Engine.getEngine(ENGINE).newGradientCollector()) {
                mean = module.getBlock().forward(store, all, true).singletonOrThrow();
                gradients.backward(mean);
            }
            update.step();
            return mean.getFloat();
        }
    }

    @Override
    public void close() {
        module.close();
    }
}
