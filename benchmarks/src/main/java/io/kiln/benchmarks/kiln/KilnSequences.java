package io.kiln.benchmarks.kiln;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Setup;
import io.kiln.benchmarks.net.Network;
import io.kiln.benchmarks.net.SequenceModel;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Parameter;
import io.kiln.nn.loss.Loss;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.transformer.FeedForward;
import io.kiln.nn.transformer.TransformerEncoder;
import io.kiln.nn.transformer.TransformerSettings;
import io.kiln.nn.zoo.LstmLanguageModel;
import io.kiln.optim.Sgd;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import java.util.ArrayList;
import java.util.List;

/** A training step of a network over sequences, or its mean loss alone, operator by operator, as a user writes it. */
public final class KilnSequences implements Contender {

    private final SequenceModel model;
    private final boolean training;
    private final Loss loss = new SoftmaxCrossEntropy();
    private final List<NDArray> inputs = new ArrayList<>();
    private final List<NDArray> labels = new ArrayList<>();
    private Block block;
    private Trainer trainer;
    private int steps;

    /** Trains the network, or predicts with it. */
    public KilnSequences(SequenceModel model, boolean training) {
        this.model = model;
        this.training = training;
    }

    /** The encoder with a classifier of its mean. */
    private static final class Classifier extends Block {
        private final TransformerEncoder encoder = addChild(
                "encoder",
                new TransformerEncoder(
                        SequenceModel.LAYERS,
                        TransformerSettings.of(SequenceModel.SIZE, SequenceModel.HEADS, SequenceModel.INSIDE)
                                .with(FeedForward.Kind.GELU)));
        private final Dense output = addChild("output", new Dense(SequenceModel.CLASSES));

        @Override
        public NDArray forward(NDArray x) {
            return output.call(encoder.call(x).mean(1));
        }
    }

    @Override
    public Facts setup(Setup setup) {
        Backends.current().setThreads(setup.threads());
        boolean lstm = model == SequenceModel.LSTM;
        block = lstm
                ? new LstmLanguageModel(SequenceModel.WORDS, SequenceModel.HIDDEN, SequenceModel.LSTM_LAYERS, 0)
                : new Classifier();
        Shape shape = lstm
                ? Shape.of(model.batch(), model.length())
                : Shape.of(model.batch(), model.length(), SequenceModel.SIZE);
        block.inferShapes(shape);
        List<Parameter> parameters = List.copyOf(block.parameters().values());
        List<Network.Parameter> given = model.parameters();
        try (Scope scope = Scope.open()) {
            for (int i = 0; i < given.size(); i++) {
                parameters
                        .get(i)
                        .set(NDArray.of(
                                Shape.of(given.get(i).shape()), given.get(i).values()));
            }
        }
        for (int i = 0; i < SequenceModel.BATCHES; i++) {
            inputs.add(lstm ? NDArray.of(shape, model.words(i)) : NDArray.of(shape, model.features(i)));
            labels.add(
                    lstm
                            ? NDArray.of(shape, model.nextWords(i))
                            : NDArray.of(Shape.of(model.batch()), model.classes(i)));
        }
        if (training) {
            trainer = new Trainer(block.parameters(), new UpdateRule(new Sgd(Network.MOMENTUM), model.learningRate()));
        }
        long count = parameters.stream().mapToLong(p -> p.shape().size()).sum();
        return new Facts("Kiln, " + Backends.current().describe(), count);
    }

    @Override
    public double step(String caseName) {
        NDArray input = inputs.get(steps % SequenceModel.BATCHES);
        NDArray label = labels.get(steps % SequenceModel.BATCHES);
        steps++;
        try (Scope scope = Scope.open()) {
            if (!training) {
                return loss.mean(block.call(input), label).item();
            }
            NDArray mean;
            try (Autograd.Mode mode = Autograd.record()) {
                mean = loss.mean(block.call(input), label);
            }
            Autograd.backward(mean);
            trainer.step(1);
            return mean.item();
        }
    }

    @Override
    public void close() {
        if (trainer != null) {
            trainer.close();
        }
        block.close();
        inputs.forEach(NDArray::close);
        labels.forEach(NDArray::close);
    }
}
