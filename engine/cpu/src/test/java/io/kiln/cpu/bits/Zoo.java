package io.kiln.cpu.bits;

import io.kiln.autograd.Autograd;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.transformer.TransformerSettings;
import io.kiln.nn.zoo.AlexNet;
import io.kiln.nn.zoo.Bert;
import io.kiln.nn.zoo.Dcgan;
import io.kiln.nn.zoo.DeepFm;
import io.kiln.nn.zoo.DenseNet;
import io.kiln.nn.zoo.Dlrm;
import io.kiln.nn.zoo.EfficientNet;
import io.kiln.nn.zoo.Gpt2;
import io.kiln.nn.zoo.InceptionV3;
import io.kiln.nn.zoo.LeNet;
import io.kiln.nn.zoo.LstmLanguageModel;
import io.kiln.nn.zoo.MobileNet;
import io.kiln.nn.zoo.NeuralCollaborativeFilter;
import io.kiln.nn.zoo.ResNet;
import io.kiln.nn.zoo.SqueezeNet;
import io.kiln.nn.zoo.Ssd;
import io.kiln.nn.zoo.Transformer;
import io.kiln.nn.zoo.UNet;
import io.kiln.nn.zoo.Vae;
import io.kiln.nn.zoo.Vgg;
import io.kiln.nn.zoo.WideAndDeep;
import io.kiln.op.random.RandomGenerator;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** The networks of the zoo, small ones or on small inputs: what they predict and the gradients of their parameters. */
final class Zoo {
    private static final List<Long> COUNTS = List.of(10L, 20L, 30L);
    private static final long WORDS = 9;

    private final Bits bits;

    private Zoo(Bits bits) {
        this.bits = bits;
    }

    static void record(Bits bits) {
        Zoo zoo = new Zoo(bits);
        zoo.images();
        zoo.generators();
        zoo.sequences();
        zoo.recommenders();
    }

    private void images() {
        run("lenet", () -> LeNet.of(10), () -> real(4, 1, 28, 28));
        Supplier<NDArray> pixels = () -> real(2, 3, 64, 64);
        run("alexnet", () -> AlexNet.of(10), pixels);
        run("vgg11", () -> Vgg.of(11, false, 10), pixels);
        run("vgg13 with batch norm", () -> Vgg.of(13, true, 10), pixels);
        run("resnet18", () -> ResNet.v1(18).classes(10).build(), pixels);
        run(
                "resnet18 for small images",
                () -> ResNet.v1(18).classes(10).smallImages(true).build(),
                pixels);
        run("resnet50", () -> ResNet.v1(50).classes(10).build(), pixels);
        run("resnet18 v2", () -> ResNet.v2(18).classes(10).build(), pixels);
        run("resnet50 v2", () -> ResNet.v2(50).classes(10).build(), pixels);
        run("mobilenet v1", () -> MobileNet.v1(0.5, 10), pixels);
        run("mobilenet v2", () -> MobileNet.v2(0.5, 10), pixels);
        run("mobilenet v3 large", () -> MobileNet.v3Large(10), pixels);
        run("mobilenet v3 small", () -> MobileNet.v3Small(10), pixels);
        run("densenet121", () -> DenseNet.of(121, 10), pixels);
        run("squeezenet 1.0", () -> SqueezeNet.v10(10), pixels);
        run("squeezenet 1.1", () -> SqueezeNet.v11(10), pixels);
        run("inception v3", () -> InceptionV3.of(10), () -> real(1, 3, 96, 96));
        run("efficientnet b0", () -> EfficientNet.b0(10), pixels);
        run("unet", () -> new UNet(2, 16, 3), pixels);
        run("ssd", () -> new Ssd(4), () -> real(1, 3, 300, 300));
    }

    private void generators() {
        run("dcgan generator", () -> Dcgan.generator(16, 3), () -> real(2, 20, 1, 1));
        run("dcgan discriminator", () -> Dcgan.discriminator(16), () -> real(2, 3, 64, 64));
        run("vae", () -> new Vae(100, 60, 10), () -> real(4, 100));
    }

    private void sequences() {
        Supplier<NDArray> tokens = () -> whole(WORDS, 3, 12);
        Supplier<NDArray> ones = () -> whole(1, 3, 12).add(1);
        run("lstm language model", () -> new LstmLanguageModel(WORDS, 24, 2, 0.1), tokens);
        run("lstm language model, tied", () -> new LstmLanguageModel(WORDS, 24, 2, 0.1, true), tokens);
        run("gpt2", () -> new Gpt2(WORDS, 16, 2, 32, 4, 0.1), tokens);
        run("bert", () -> new Bert(WORDS, 16, 2, 32, 4), tokens, ones);
        TransformerSettings settings = TransformerSettings.of(32, 4, 64);
        run("transformer", () -> new Transformer(WORDS, 16, 2, settings), tokens, tokens, ones);
    }

    private void recommenders() {
        Supplier<NDArray> numbers = () -> real(16, 5);
        Supplier<NDArray> index = () -> whole(10, 16, 3);
        Supplier<NDArray> id = () -> whole(10, 16);
        run("ncf", () -> NeuralCollaborativeFilter.perceptron(10, 20, 8, 16, 8), id, id);
        run("neumf", () -> NeuralCollaborativeFilter.neuMf(10, 20, 8, 4, 16, 8), id, id);
        run("wide and deep", () -> new WideAndDeep(COUNTS, 8, 16, 8), numbers, index);
        run("deepfm", () -> new DeepFm(COUNTS, 8, 16, 8), index);
        run("dlrm", () -> new Dlrm(COUNTS, 8, List.of(16L), List.of(16L)), numbers, index);
    }

    @SafeVarargs
    private void run(String name, Supplier<Block> network, Supplier<NDArray>... inputs) {
        for (boolean hybridized : new boolean[] {false, true}) {
            Bits own = bits.within(name + ", " + (hybridized ? "hybridized" : "eager"));
            try (Scope scope = Scope.open();
                    Block net = network.get()) {
                net.initialize(11);
                RandomGenerator.seed(12);
                if (hybridized) {
                    net.hybridize();
                }
                NDArray[] x = new NDArray[inputs.length];
                for (int i = 0; i < x.length; i++) {
                    x[i] = inputs[i].get();
                }
                own.add("prediction", net.callAll(x));
                own.add("training", gradients(net, x));
            }
        }
    }

    /** Outputs in train mode, gradients and then all parameters, running statistics among them. */
    private static NDArray[] gradients(Block net, NDArray... x) {
        List<NDArray> results = new ArrayList<>();
        try (Autograd.Mode record = Autograd.record()) {
            NDArray loss = null;
            for (NDArray y : net.callAll(x)) {
                results.add(y);
                loss = loss == null ? y.square().mean() : loss.add(y.square().mean());
            }
            Autograd.backward(loss);
        }
        net.parameters().values().forEach(p -> results.add(p.isTrained() ? p.gradient() : p.value()));
        return results.toArray(NDArray[]::new);
    }

    /** Numbers between -1 and 1 that do not come from the engine. */
    static NDArray real(long... dims) {
        Shape shape = Shape.of(dims);
        Random random = new Random(13);
        float[] values = new float[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = 2 * random.nextFloat() - 1;
        }
        return NDArray.of(shape, values);
    }

    /** Integers from 0 to below a bound that do not come from the engine. */
    static NDArray whole(long bound, long... dims) {
        Shape shape = Shape.of(dims);
        return NDArray.of(shape, new Random(14).longs(shape.size(), 0, bound).toArray());
    }
}
