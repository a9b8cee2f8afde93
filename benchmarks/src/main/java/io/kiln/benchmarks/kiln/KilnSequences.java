package io.kiln.benchmarks.kiln;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Backends;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Insight;
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
import io.kiln.optim.TrainStep;
import io.kiln.optim.Trainer;
import io.kiln.optim.UpdateRule;
import io.kiln.view.InternalMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A training step of a network over sequences, or its mean loss alone, compiled or operator by operator, as a user writes it. The
 * loss of a prediction is taken operator by operator in both.
 */
public final class KilnSequences implements Contender {

    private final SequenceModel model;
    private final boolean training;
    private final boolean compiled;
    private final Loss loss = new SoftmaxCrossEntropy();
    private final List<NDArray> inputs = new ArrayList<>();
    private final List<NDArray> labels = new ArrayList<>();
    private Block block;
    private Trainer trainer;
    private TrainStep program;
    private int steps;

    /** Trains the network, or predicts with it. */
    public KilnSequences(SequenceModel model, boolean training, boolean compiled) {
        this.model = model;
        this.training = training;
        this.compiled = compiled;
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
    public void load(Setup setup) {
        Backends.current().setThreads(setup.threads());
    }

    @Override
    public Facts setup(Setup setup) {
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
        UpdateRule rule = new UpdateRule(new Sgd(Network.MOMENTUM), model.learningRate());
        if (training && compiled) {
            program = new TrainStep(block, loss, rule);
        } else if (training) {
            trainer = new Trainer(block.parameters(), rule);
        } else if (compiled) {
            block.hybridize();
        }
        long count = parameters.stream().mapToLong(p -> p.shape().size()).sum();
        return new Facts("Kiln, " + Backends.current().describe(), count);
    }

    @Override
    public double step(String caseName) {
        NDArray input = inputs.get(steps % SequenceModel.BATCHES);
        NDArray label = labels.get(steps % SequenceModel.BATCHES);
        steps++;
        if (program != null) {
            return program.run(input, label);
        }
        try (Scope scope = Scope.open()) {
            if (!training) {
                try (Autograd.Mode mode = Autograd.predictMode()) {
                    return loss.mean(block.call(input), label).item();
                }
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
    public Optional<Insight> insight(String caseName) {
        return Optional.of(Looking.into(() -> step(caseName), planned()));
    }

    private OptionalLong planned() {
        if (!compiled) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(
                training
                        ? program.executable(inputs.get(0), labels.get(0)).arenaBytes()
                        : InternalMemory.ofPrediction(block, inputs.get(0).spec())
                                .planned());
    }

    @Override
    public boolean profile(boolean on) {
        return Looking.profile(on);
    }

    @Override
    public void close() {
        if (program != null) {
            program.close();
        }
        if (trainer != null) {
            trainer.close();
        }
        block.close();
        inputs.forEach(NDArray::close);
        labels.forEach(NDArray::close);
    }
}
