package io.kiln.benchmarks.net;

import io.kiln.benchmarks.net.Layer.BatchNorm;
import io.kiln.benchmarks.net.Layer.Conv;
import io.kiln.benchmarks.net.Layer.Dense;
import io.kiln.benchmarks.net.Layer.Flatten;
import io.kiln.benchmarks.net.Layer.GlobalAverage;
import io.kiln.benchmarks.net.Layer.MaxPool;
import io.kiln.benchmarks.net.Layer.Relu;
import io.kiln.benchmarks.net.Layer.Residual;
import java.util.ArrayList;
import java.util.List;

/** The layers of residual networks (He et al. 2016), with the stride of a bottleneck in its 3×3 convolution. */
final class ResNets {

    private ResNets() {}

    /** For 3×32×32: begins with a 3×3 convolution and without pooling. */
    static List<Layer> small18(int classes) {
        List<Layer> layers = new ArrayList<>(List.of(conv(3, 64, 3, 1), new BatchNorm(64), new Relu()));
        stages(layers, new int[] {2, 2, 2, 2}, false);
        return finish(layers, 512, classes);
    }

    /** For 3×224×224. */
    static List<Layer> full50(int classes) {
        List<Layer> layers = new ArrayList<>(
                List.of(new Conv(3, 64, 7, 2, 3, false), new BatchNorm(64), new Relu(), new MaxPool(3, 2, 1)));
        stages(layers, new int[] {3, 4, 6, 3}, true);
        return finish(layers, 2048, classes);
    }

    private static List<Layer> finish(List<Layer> layers, int width, int classes) {
        layers.addAll(List.of(new GlobalAverage(), new Flatten(), new Dense(width, classes)));
        return layers;
    }

    private static void stages(List<Layer> layers, int[] depths, boolean bottleneck) {
        int in = 64;
        for (int stage = 0; stage < depths.length; stage++) {
            int width = 64 << stage;
            int out = bottleneck ? 4 * width : width;
            for (int i = 0; i < depths[stage]; i++) {
                int stride = i == 0 && stage > 0 ? 2 : 1;
                List<Layer> shortcut = stride == 1 && in == out
                        ? List.of()
                        : List.of(new Conv(in, out, 1, stride, 0, false), new BatchNorm(out));
                layers.add(
                        new Residual(bottleneck ? narrow(in, width, out, stride) : plain(in, out, stride), shortcut));
                in = out;
            }
        }
    }

    private static List<Layer> plain(int in, int out, int stride) {
        return List.of(
                conv(in, out, 3, stride), new BatchNorm(out), new Relu(), conv(out, out, 3, 1), new BatchNorm(out));
    }

    private static List<Layer> narrow(int in, int width, int out, int stride) {
        return List.of(
                conv(in, width, 1, 1),
                new BatchNorm(width),
                new Relu(),
                conv(width, width, 3, stride),
                new BatchNorm(width),
                new Relu(),
                conv(width, out, 1, 1),
                new BatchNorm(out));
    }

    private static Conv conv(int in, int out, int kernel, int stride) {
        return new Conv(in, out, kernel, stride, kernel / 2, false);
    }
}
