package io.kiln.benchmarks.djl;

import io.kiln.benchmarks.net.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The layers of a transformer encoder as TorchScript: libtorch's own scaled dot-product attention, with the weights of queries, keys
 * and values in one matrix.
 *
 * @param layers number of layers
 * @param size features
 * @param heads of the attention
 * @param length elements of a sequence
 */
record TorchEncoder(int layers, int size, int heads, int length) {

    private static final int WEIGHTS = 12;

    /**
     * Appends the code that computes {@code y<layers>} from {@code y0} [batch, length, size].
     *
     * @param first number of the first layer's first weight
     */
    void append(StringBuilder body, int first) {
        for (int i = 0; i < layers; i++) {
            layer(body, i, first + WEIGHTS * i);
        }
    }

    private void layer(StringBuilder body, int i, int w) {
        String parts = String.format(Locale.ROOT, "[-1, %d, %d, %d]", length, heads, size / heads);
        String rows = String.format(Locale.ROOT, "[-1, %d, %d]", length, size);
        body.append(String.format(
                Locale.ROOT, "    c%d = torch.chunk(torch.linear(y%d, w%d, w%d), 3, -1)%n", i, i, w, w + 1));
        for (int k = 0; k < 3; k++) {
            body.append(String.format(
                    Locale.ROOT,
                    "    h%d_%d = torch.transpose(torch.reshape((c%d)[%d], %s), 1, 2)%n",
                    i,
                    k,
                    i,
                    k,
                    parts));
        }
        body.append(String.format(
                Locale.ROOT,
                "    a%d = torch.scaled_dot_product_attention(h%d_0, h%d_1, h%d_2, None, 0., False)%n",
                i,
                i,
                i,
                i));
        body.append(String.format(
                Locale.ROOT,
                "    j%d = torch.linear(torch.reshape(torch.transpose(a%d, 1, 2), %s), w%d, w%d)%n",
                i,
                i,
                rows,
                w + 2,
                w + 3));
        norm(body, "n" + i, "torch.add(y" + i + ", j" + i + ")", w + 4);
        body.append(String.format(
                Locale.ROOT,
                "    f%d = torch.linear(torch.gelu(torch.linear(n%d, w%d, w%d)), w%d, w%d)%n",
                i,
                i,
                w + 6,
                w + 7,
                w + 8,
                w + 9));
        norm(body, "y" + (i + 1), "torch.add(n" + i + ", f" + i + ")", w + 10);
    }

    /** Appends a layer norm with the weights {@code scale} and the one after it. */
    void norm(StringBuilder body, String name, String of, int scale) {
        body.append(String.format(
                Locale.ROOT,
                "    %s = torch.layer_norm(%s, [%d], w%d, w%d, 1e-5)%n",
                name,
                of,
                size,
                scale,
                scale + 1));
    }

    /** Queries, keys and values of a layer as one map. */
    static List<Network.Parameter> packed(List<Network.Parameter> all) {
        List<Network.Parameter> packed = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).name().startsWith("query") && !all.get(i).name().endsWith("bias")) {
                packed.add(join(all.get(i), all.get(i + 2), all.get(i + 4)));
                packed.add(join(all.get(i + 1), all.get(i + 3), all.get(i + 5)));
                i += 5;
            } else {
                packed.add(all.get(i));
            }
        }
        return packed;
    }

    private static Network.Parameter join(Network.Parameter... parts) {
        int size = parts[0].values().length;
        float[] values = new float[3 * size];
        for (int i = 0; i < 3; i++) {
            System.arraycopy(parts[i].values(), 0, values, i * size, size);
        }
        long[] shape = parts[0].shape().clone();
        shape[0] *= 3;
        return new Network.Parameter(parts[0].name() + "_packed", shape, values);
    }
}
