package io.kiln.benchmarks.djl;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.mxnet.engine.MxSymbolBlock;
import ai.djl.mxnet.jna.JnaUtils;
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
import io.kiln.benchmarks.net.SequenceModel;
import java.util.ArrayList;
import java.util.List;

/** A network over sequences that MXNet has compiled to one graph, see {@link SequenceSymbol}. */
public final class MxSymbolSequences implements Contender {

    private final SequenceModel model;
    private final boolean training;
    private final List<NDArray> weights = new ArrayList<>();
    private final List<NDArray> inputs = new ArrayList<>();
    private final List<NDArray> labels = new ArrayList<>();
    private NDManager manager;
    private MxSymbolBlock block;
    private ParameterStore store;
    private Update update;
    private int steps;

    /** Trains the network, or predicts with it. */
    public MxSymbolSequences(SequenceModel model, boolean training) {
        this.model = model;
        this.training = training;
    }

    @Override
    public void load(Setup setup) {
        Engines.load(MxSymbolNetwork.ENGINE);
    }

    @Override
    public Facts setup(Setup setup) {
        manager = NDManager.newBaseManager(Device.cpu(), MxSymbolNetwork.ENGINE);
        block = MxSymbolNetwork.block(
                manager,
                SequenceSymbol.of(model, training),
                SequenceSymbol.parameters(model),
                weights,
                SymbolJson.DATA,
                SymbolJson.LABEL);
        store = new ParameterStore(manager, false);
        store.setParameterServer(null, new Device[] {Device.cpu()});
        for (int i = 0; i < SequenceModel.BATCHES; i++) {
            if (model == SequenceModel.LSTM) {
                Shape shape = new Shape(model.batch(), model.length());
                inputs.add(stepsFirst(manager.create(model.words(i), shape)));
                labels.add(stepsFirst(manager.create(model.nextWords(i), shape)).reshape(-1));
            } else {
                Shape shape = new Shape(model.batch(), model.length(), SequenceModel.SIZE);
                inputs.add(manager.create(model.features(i), shape).transpose(1, 0, 2));
                labels.add(manager.create(model.classes(i)).toType(DataType.FLOAT32, true));
            }
            inputs.get(i).setName(SymbolJson.DATA);
            labels.get(i).setName(SymbolJson.LABEL);
        }
        if (training) {
            update = Update.fused(weights, model.learningRate());
        }
        return new Facts(
                MxSymbolNetwork.ENGINE + " "
                        + Engine.getEngine(MxSymbolNetwork.ENGINE).getVersion() + ", graph",
                weights.stream().mapToLong(NDArray::size).sum());
    }

    private static NDArray stepsFirst(NDArray words) {
        return words.transpose().toType(DataType.FLOAT32, true);
    }

    @Override
    public double step(String caseName) {
        NDArray input = inputs.get(steps % SequenceModel.BATCHES);
        NDArray label = labels.get(steps % SequenceModel.BATCHES);
        steps++;
        try (NDManager step = manager.newSubManager()) {
            input.tempAttach(step);
            label.tempAttach(step);
            if (!training) {
                return block.forward(store, new NDList(input, label), false)
                        .singletonOrThrow()
                        .getFloat();
            }
            NDList outputs;
            try (GradientCollector gradients =
                    Engine.getEngine(MxSymbolNetwork.ENGINE).newGradientCollector()) {
                outputs = block.forward(store, new NDList(input, label), true);
                gradients.backward(outputs.get(0));
            }
            update.step();
            double loss = outputs.get(1).getFloat();
            JnaUtils.waitAll();
            return loss;
        }
    }

    @Override
    public void close() {
        manager.close();
    }
}
