package io.kiln.nn.json;

import io.kiln.graph.KnownRecords;
import io.kiln.nn.Activations;
import io.kiln.nn.BatchNorm;
import io.kiln.nn.BatchNormRelu;
import io.kiln.nn.Checkpoint;
import io.kiln.nn.Concurrent;
import io.kiln.nn.Conv1D;
import io.kiln.nn.Conv2D;
import io.kiln.nn.Conv3D;
import io.kiln.nn.Dense;
import io.kiln.nn.DepthwiseSeparable;
import io.kiln.nn.Dropout;
import io.kiln.nn.Embedding;
import io.kiln.nn.EmbeddingBag;
import io.kiln.nn.Flatten;
import io.kiln.nn.Functional;
import io.kiln.nn.GatedMlp;
import io.kiln.nn.GroupNorm;
import io.kiln.nn.Identity;
import io.kiln.nn.InstanceNorm;
import io.kiln.nn.LayerNorm;
import io.kiln.nn.Merge;
import io.kiln.nn.PRelu;
import io.kiln.nn.Padding;
import io.kiln.nn.PixelShuffle;
import io.kiln.nn.Pool;
import io.kiln.nn.Residual;
import io.kiln.nn.RmsNorm;
import io.kiln.nn.Sequential;
import io.kiln.nn.SqueezeExcite;
import io.kiln.nn.StochasticDepth;
import io.kiln.nn.SyncBatchNorm;
import io.kiln.nn.Upsampling;
import io.kiln.nn.rnn.Gru;
import io.kiln.nn.rnn.Lstm;
import io.kiln.nn.rnn.Rnn;
import io.kiln.nn.transformer.FeedForward;
import io.kiln.nn.transformer.LearnedPositions;
import io.kiln.nn.transformer.MultiHeadAttention;
import io.kiln.nn.transformer.RotaryPositions;
import io.kiln.nn.transformer.SinusoidalPositions;
import io.kiln.nn.transformer.TransformerEncoder;
import io.kiln.nn.transformer.TransformerEncoderLayer;
import io.kiln.nn.zoo.AlexNet;
import io.kiln.nn.zoo.Bert;
import io.kiln.nn.zoo.DeepFm;
import io.kiln.nn.zoo.DenseNet;
import io.kiln.nn.zoo.EfficientNet;
import io.kiln.nn.zoo.Gpt2;
import io.kiln.nn.zoo.InceptionV3;
import io.kiln.nn.zoo.LeNet;
import io.kiln.nn.zoo.LstmLanguageModel;
import io.kiln.nn.zoo.MobileNet;
import io.kiln.nn.zoo.NeuralCollaborativeFilter;
import io.kiln.nn.zoo.ResNet;
import io.kiln.nn.zoo.SqueezeNet;
import io.kiln.nn.zoo.UNet;
import io.kiln.nn.zoo.Vgg;
import io.kiln.nn.zoo.WideAndDeep;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The layers and networks that can be created from JSON, and the ways to create each. */
public final class BlockCatalog {
    private static final List<Class<?>> TYPES = List.of(
            Activations.class,
            BatchNorm.class,
            BatchNormRelu.class,
            Checkpoint.class,
            Concurrent.class,
            Conv1D.class,
            Conv2D.class,
            Conv3D.class,
            Dense.class,
            DepthwiseSeparable.class,
            Dropout.class,
            Embedding.class,
            EmbeddingBag.class,
            Flatten.class,
            Functional.class,
            GatedMlp.class,
            GroupNorm.class,
            Identity.class,
            InstanceNorm.class,
            LayerNorm.class,
            Merge.class,
            PRelu.class,
            Padding.class,
            PixelShuffle.class,
            Pool.class,
            Residual.class,
            RmsNorm.class,
            Sequential.class,
            SqueezeExcite.class,
            StochasticDepth.class,
            SyncBatchNorm.class,
            Upsampling.class,
            Gru.class,
            Lstm.class,
            Rnn.class,
            FeedForward.class,
            LearnedPositions.class,
            MultiHeadAttention.class,
            RotaryPositions.class,
            SinusoidalPositions.class,
            TransformerEncoder.class,
            TransformerEncoderLayer.class,
            AlexNet.class,
            Bert.class,
            DeepFm.class,
            DenseNet.class,
            EfficientNet.class,
            Gpt2.class,
            InceptionV3.class,
            LeNet.class,
            LstmLanguageModel.class,
            MobileNet.class,
            NeuralCollaborativeFilter.class,
            ResNet.class,
            SqueezeNet.class,
            UNet.class,
            Vgg.class,
            WideAndDeep.class);

    private BlockCatalog() {}

    /**
     * A layer with its name in JSON.
     *
     * @param name {@code Class} or {@code Class.factory}
     * @param forms the ways to create it: alternatives, one of which a call matches
     */
    public record Entry(String name, List<Form> forms) {}

    /**
     * One way to create a layer.
     *
     * @param required arguments that must be given
     * @param optional arguments that may be given too
     */
    public record Form(List<Argument> required, List<Argument> optional) {}

    /**
     * An argument.
     *
     * @param name its name in JSON
     * @param type {@code int}, {@code float}, {@code bool}, {@code str}, {@code ints}, {@code strs}, {@code layer}, {@code layers},
     *     {@code initializer}, {@code list of} the name of a group of settings,
     *     the constants of an enum separated by {@code |}, or the name of a group of settings
     */
    public record Argument(String name, String type) {}

    /**
     * All layers, in alphabetical order.
     *
     * @return one entry per name
     */
    public static List<Entry> entries() {
        List<Entry> all = new ArrayList<>();
        for (Class<?> type : TYPES) {
            String name = type.getSimpleName();
            add(all, name, new Maker(type, null));
            for (Method m : Maker.factories(type)) {
                add(all, name + "." + m.getName(), new Maker(type, m.getName()));
            }
        }
        all.sort(Comparator.comparing(Entry::name));
        return all;
    }

    private static void add(List<Entry> all, String name, Maker maker) {
        List<Form> forms = maker.forms();
        if (!forms.isEmpty() && all.stream().noneMatch(e -> e.name().equals(name))) {
            all.add(new Entry(name, forms));
        }
    }

    static Maker entry(String name, String place) {
        int dot = name.indexOf('.');
        String simple = dot < 0 ? name : name.substring(0, dot);
        return TYPES.stream()
                .filter(type -> type.getSimpleName().equals(simple))
                .map(type -> new Maker(type, dot < 0 ? null : name.substring(dot + 1)))
                .filter(Maker::exists)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(place + ": unknown layer \"" + name + "\""
                        + KnownRecords.suggestion(
                                name, entries().stream().map(Entry::name).toList())));
    }
}
