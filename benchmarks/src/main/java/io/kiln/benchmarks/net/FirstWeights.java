package io.kiln.benchmarks.net;

import io.kiln.benchmarks.net.Network.Parameter;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** The values that the parameters of networks over sequences begin with. */
final class FirstWeights {

    private FirstWeights() {}

    /** All parameters of the layers of a transformer encoder, in the order that {@link SequenceModel#parameters} tells. */
    static void encoder(List<Parameter> all, Random random, int layers, int size, int inside) {
        for (int i = 0; i < layers; i++) {
            for (String part : List.of("query", "key", "value", "joined")) {
                linear(all, random, part + i, size, size);
            }
            norm(all, "norm1_" + i, size);
            linear(all, random, "inner" + i, inside, size);
            linear(all, random, "outer" + i, size, inside);
            norm(all, "norm2_" + i, size);
        }
    }

    static void linear(List<Parameter> all, Random random, String name, int out, int in) {
        all.add(matrix(random, name, out, in));
        all.add(constant(name + "_bias", 0, out));
    }

    static void norm(List<Parameter> all, String name, int size) {
        all.add(constant(name + "_gamma", 1, size));
        all.add(constant(name + "_beta", 0, size));
    }

    static Parameter matrix(Random random, String name, int out, int in) {
        return uniform(random, name, (float) Math.sqrt(3.0 / in), out, in);
    }

    static Parameter uniform(Random random, String name, float bound, int out, int in) {
        float[] values = new float[out * in];
        for (int i = 0; i < values.length; i++) {
            values[i] = bound * (2 * random.nextFloat() - 1);
        }
        return new Parameter(name, new long[] {out, in}, values);
    }

    static Parameter constant(String name, float value, int size) {
        float[] values = new float[size];
        Arrays.fill(values, value);
        return new Parameter(name, new long[] {size}, values);
    }
}
