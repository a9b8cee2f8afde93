package io.kiln.benchmarks.djl;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.mxnet.engine.MxNDManager;
import ai.djl.mxnet.engine.MxSymbolBlock;
import ai.djl.mxnet.engine.Symbol;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import ai.djl.training.ParameterStore;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.net.Batches;
import io.kiln.benchmarks.net.Network;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A network as one compiled graph of MXNet (a CachedOp with static memory and shapes: what Gluon calls hybridized). */
final class MxSymbolNetwork implements AutoCloseable {

    static final String ENGINE = "MXNet";

    private final NDManager manager = NDManager.newBaseManager(Device.cpu(), ENGINE);
    private final boolean training;
    private final MxSymbolBlock block;
    private final ParameterStore store = new ParameterStore(manager, false);
    private final List<NDArray> weights = new ArrayList<>();
    private final List<NDArray> inputs = new ArrayList<>();
    private final List<NDArray> labels = new ArrayList<>();
    private final Batches batches;

    MxSymbolNetwork(Network network, boolean training) throws IOException {
        this.training = training;
        block = block(
                manager,
                SymbolJson.of(network, training),
                network.parameters(),
                weights,
                training ? new String[] {SymbolJson.DATA, SymbolJson.LABEL} : new String[] {SymbolJson.DATA});
        store.setParameterServer(null, new Device[] {Device.cpu()});
        Map<String, Parameter> byName = new HashMap<>();
        block.getAllParameters().forEach(p -> byName.put(p.getName(), p));
        // Running statistics begin where the other engines' do.
        for (String name : SymbolJson.statistics(network)) {
            Parameter p = byName.get(name);
            NDArray scale = byName.get(name.replaceAll("_moving_.*", "_beta")).getArray();
            p.setArray(name.endsWith("_var") ? scale.onesLike() : scale.zerosLike());
        }
        batches = Batches.of(network);
        for (int i = 0; i < network.batches(); i++) {
            NDArray input = manager.create(batches.inputs().get(i), new Shape(network.inputShape()));
            input.setName(SymbolJson.DATA);
            inputs.add(input);
            NDArray label = manager.create(batches.labels().get(i)).toType(DataType.FLOAT32, true);
            if (network.task() == Network.Task.YES_OR_NO) {
                label = label.reshape(network.batch(), 1);
            }
            label.setName(SymbolJson.LABEL);
            labels.add(label);
        }
    }

    /**
     * A graph with first values for its parameters.
     *
     * @param weights gets the arrays of the parameters, in order
     * @param inputs names of the variables that are no parameters
     */
    static MxSymbolBlock block(
            NDManager manager,
            String json,
            List<Network.Parameter> parameters,
            List<NDArray> weights,
            String... inputs) {
        MxSymbolBlock block = new MxSymbolBlock(manager, Symbol.loadJson((MxNDManager) manager, json));
        block.setInputNames(List.of(inputs));
        Map<String, Parameter> byName = new HashMap<>();
        block.getAllParameters().forEach(p -> byName.put(p.getName(), p));
        for (Network.Parameter given : parameters) {
            NDArray array = manager.create(given.values(), new Shape(given.shape()));
            byName.get(given.name()).setArray(array);
            weights.add(array);
        }
        return block;
    }

    Facts facts() {
        return new Facts(
                ENGINE + " " + Engine.getEngine(ENGINE).getVersion() + ", graph",
                weights.stream().mapToLong(NDArray::size).sum());
    }

    NDManager manager() {
        return manager;
    }

    List<NDArray> weights() {
        return weights;
    }

    /** Output of the graph for the batch of a step; the batch belongs to {@code owner} for as long as that lives. */
    NDArray forward(int step, NDManager owner) {
        NDArray input = inputs.get(step % inputs.size());
        input.tempAttach(owner);
        NDList arguments = new NDList(input);
        if (training) {
            NDArray label = labels.get(step % inputs.size());
            label.tempAttach(owner);
            arguments.add(label);
        }
        return block.forward(store, arguments, training).singletonOrThrow();
    }

    int[] labelValues(int step) {
        return batches.labels().get(step % inputs.size());
    }

    @Override
    public void close() {
        manager.close();
    }
}
