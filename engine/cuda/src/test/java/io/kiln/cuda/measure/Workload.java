package io.kiln.cuda.measure;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.nn.zoo.Bert;
import io.kiln.nn.zoo.LeNet;
import io.kiln.nn.zoo.LstmLanguageModel;
import io.kiln.nn.zoo.ResNet;
import io.kiln.op.activation.Activation;
import java.util.Random;

/**
 * A network that classifies, with the shapes of a batch. {@code torch_networks.py} has the same.
 *
 * @param network the network
 * @param input shape of a batch
 * @param words number of different tokens in the input; 0 if it is of float32
 * @param labels shape of the labels
 * @param classes number of classes
 */
record Workload(Block network, Shape input, int words, Shape labels, int classes) {
    static Workload of(String name, boolean tiny) {
        return switch (name) {
            case "mlp" ->
                images(
                        new Sequential(new Dense(512, Activation.RELU), new Dense(256, Activation.RELU), new Dense(10)),
                        Shape.of(tiny ? 4 : 128, 784),
                        10);
            case "lenet" -> images(LeNet.of(10), Shape.of(tiny ? 2 : 64, 1, 28, 28), 10);
            case "resnet50" ->
                images(
                        ResNet.v1(50).classes(tiny ? 10 : 1000).build(),
                        Shape.of(tiny ? 2 : 64, 3, tiny ? 32 : 224, tiny ? 32 : 224),
                        tiny ? 10 : 1000);
            case "bert" -> {
                Block bert = tiny ? new Bert(50, 16, 2, 16, 2) : Bert.base();
                Shape input = tiny ? Shape.of(2, 8) : Shape.of(32, 128);
                yield new Workload(new Classifier(bert), input, tiny ? 50 : 30_522, Shape.of(input.dim(0)), 2);
            }
            case "lstm" -> {
                Shape input = tiny ? Shape.of(2, 5) : Shape.of(64, 35);
                int words = tiny ? 50 : 10_000;
                yield new Workload(new LstmLanguageModel(words, tiny ? 16 : 650, 2, 0), input, words, input, words);
            }
            default ->
                throw new IllegalArgumentException("workload: needs mlp, lenet, resnet50, bert or lstm, got " + name);
        };
    }

    private static Workload images(Block network, Shape input, int classes) {
        return new Workload(network, input, 0, Shape.of(input.dim(0)), classes);
    }

    /** A batch: the same in each run. */
    NDArray batch() {
        Random random = new Random(3);
        return words == 0
                ? NDArray.of(input, random.doubles(input.size()).toArray()).cast(DType.FLOAT32)
                : NDArray.of(input, random.ints(input.size(), 0, words).toArray());
    }

    /** Its labels. */
    NDArray label() {
        return NDArray.of(labels, new Random(4).ints(labels.size(), 0, classes).toArray());
    }

    /** BERT for two classes: its pooler's output, and a dense layer. */
    private static final class Classifier extends Block {
        private final Block bert;
        private final Dense output = addChild("output", new Dense(2));

        Classifier(Block bert) {
            this.bert = addChild("bert", bert);
        }

        @Override
        public NDArray forward(NDArray tokens) {
            return output.call(bert.callAll(tokens, tokens.mul(0))[1]);
        }
    }
}
