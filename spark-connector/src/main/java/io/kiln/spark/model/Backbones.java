package io.kiln.spark.model;

import io.kiln.graph.KnownRecords;
import io.kiln.nn.Block;
import io.kiln.nn.zoo.AlexNet;
import io.kiln.nn.zoo.DenseNet;
import io.kiln.nn.zoo.EfficientNet;
import io.kiln.nn.zoo.InceptionV3;
import io.kiln.nn.zoo.LeNet;
import io.kiln.nn.zoo.MobileNet;
import io.kiln.nn.zoo.ResNet;
import io.kiln.nn.zoo.SqueezeNet;
import io.kiln.nn.zoo.Vgg;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** The networks of the zoo that classify images, by name. */
public final class Backbones {
    private static final int SMALL = 64;
    private static final List<Integer> DIGITS = List.of(1, 28, 28);
    private static final List<Integer> PHOTOGRAPHS = List.of(3, 224, 224);
    private static final List<Integer> INCEPTION = List.of(3, 299, 299);
    private static final Map<String, Entry> ALL = new TreeMap<>();

    static {
        add("lenet", DIGITS, s -> LeNet.of(s.classes()));
        for (int layers : new int[] {18, 34, 50, 101, 152}) {
            add("resnet" + layers, PHOTOGRAPHS, s -> resNet(ResNet.v1(layers), s));
            add("resnet" + layers + "v2", PHOTOGRAPHS, s -> resNet(ResNet.v2(layers), s));
        }
        for (int layers : new int[] {11, 13, 16, 19}) {
            add("vgg" + layers, PHOTOGRAPHS, s -> Vgg.of(layers, false, s.classes()));
            add("vgg" + layers + "bn", PHOTOGRAPHS, s -> Vgg.of(layers, true, s.classes()));
        }
        for (int layers : new int[] {121, 161, 169, 201}) {
            add("densenet" + layers, PHOTOGRAPHS, s -> DenseNet.of(layers, s.classes()));
        }
        add("alexnet", PHOTOGRAPHS, s -> AlexNet.of(s.classes()));
        add("efficientnetB0", PHOTOGRAPHS, s -> EfficientNet.b0(s.classes()));
        add("inceptionV3", INCEPTION, s -> InceptionV3.of(s.classes()));
        add("mobilenet", PHOTOGRAPHS, s -> MobileNet.v1(1, s.classes()));
        add("mobilenetV2", PHOTOGRAPHS, s -> MobileNet.v2(1, s.classes()));
        add("mobilenetV3Large", PHOTOGRAPHS, s -> MobileNet.v3Large(s.classes()));
        add("mobilenetV3Small", PHOTOGRAPHS, s -> MobileNet.v3Small(s.classes()));
        add("squeezenet", PHOTOGRAPHS, s -> SqueezeNet.v11(s.classes()));
    }

    private Backbones() {}

    private record Sizes(List<Integer> image, long classes) {
        boolean areSmall() {
            return image.get(1) <= SMALL && image.get(2) <= SMALL;
        }
    }

    private record Entry(List<Integer> image, Function<Sizes, Block> make) {}

    private static void add(String name, List<Integer> image, Function<Sizes, Block> make) {
        ALL.put(name, new Entry(image, make));
    }

    private static Block resNet(ResNet.Builder builder, Sizes sizes) {
        return builder.classes(sizes.classes()).smallImages(sizes.areSmall()).build();
    }

    /** {@return the names, in alphabetical order} */
    public static List<String> names() {
        return List.copyOf(ALL.keySet());
    }

    /**
     * Checks a name.
     *
     * @param name the name
     * @return true
     * @throws IllegalArgumentException if there is no such network
     */
    public static boolean check(String name) {
        if (!ALL.containsKey(name)) {
            throw new IllegalArgumentException("backbone: there is no network \"%s\"%s; there are %s"
                    .formatted(name, KnownRecords.suggestion(name, names()), names()));
        }
        return true;
    }

    /**
     * The shape of the images that a network was designed for.
     *
     * @param name its name
     * @return channels, height and width
     */
    public static List<Integer> imageShape(String name) {
        check(name);
        return ALL.get(name).image();
    }

    /**
     * Makes a network.
     *
     * @param name its name
     * @param image channels, height and width of images; residual networks for images of up to 64 pixels begin with a
     *     convolution that keeps the size
     * @param classes number of classes
     * @return x[N,channels,height,width] to scores[N,classes] (logits)
     */
    public static Block of(String name, List<Integer> image, long classes) {
        check(name);
        return ALL.get(name).make().apply(new Sizes(image, classes));
    }
}
