package io.kiln.spark.model;

import io.kiln.init.Initializer;
import io.kiln.init.ZeroRow;
import io.kiln.init.Zeros;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.nn.Block;
import io.kiln.nn.Dense;
import io.kiln.nn.Dropout;
import io.kiln.nn.Embedding;
import io.kiln.nn.Parameter;
import io.kiln.nn.Sequential;
import io.kiln.op.Creation;
import io.kiln.op.Role;
import io.kiln.op.activation.Activation;
import io.kiln.op.math.Elementwise;
import io.kiln.op.shape.Movement;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/**
 * The network of wide and deep learning (H.-T. Cheng et al.: Wide &amp; deep learning for recommender systems, DLRS
 * 2016): \(y = w(x) + f(x) + b\). The wide part \(w\) is linear in the numbers, in each value of each category, and in each
 * combination of values of crossed categories. The deep part \(f\) is a perceptron of the numbers and of a vector for each
 * value. Training begins with a linear model: the last weights of \(f\) are 0 at first.
 *
 * <p>Inputs: numbers[N,D] and features[N,F], if there are any, and for each category its ids category0[N], category1[N], …;
 * output: scores[N,outputs]. Id 0 stands for values that have no row of their own. The tables have gradients of rows only.
 */
public final class WideAndDeepNetwork extends Block {
    /** The input of numbers. */
    public static final String NUMBERS = "numbers";

    /** The input of a vector of features, dense or sparse. */
    public static final String FEATURES = "features";

    private static final String CATEGORY = "category";

    private static final int CERTAINTY = 40;

    private final Sizes sizes;
    private final Parameter bias;
    private final Dense wideNumbers;
    private final Dense wideFeatures;
    private final List<Embedding> wide = new ArrayList<>();
    private final List<Embedding> crosses = new ArrayList<>();
    private final List<Embedding> vectors = new ArrayList<>();
    private final Dense first;
    private final Dense firstFeatures;
    private final Dropout dropout;
    private final Sequential hidden;
    private final Dense output;

    /**
     * What a network has as inputs.
     *
     * @param numbers whether there are numbers
     * @param features whether there are features
     * @param categories the number of ids of each category
     * @param crosses the categories that each cross combines
     * @param crossBuckets the most rows of the table of a cross; more combinations share rows by a hash
     */
    public record Inputs(
            boolean numbers, boolean features, List<Long> categories, List<List<Integer>> crosses, long crossBuckets) {
        /** Makes the lists unmodifiable. */
        public Inputs {
            categories = List.copyOf(categories);
            crosses = crosses.stream().map(List::copyOf).toList();
        }

        /** {@return the names of the inputs} */
        public List<String> names() {
            List<String> names = new ArrayList<>();
            if (numbers) {
                names.add(NUMBERS);
            }
            if (features) {
                names.add(FEATURES);
            }
            for (int i = 0; i < categories.size(); i++) {
                names.add(category(i));
            }
            return names;
        }
    }

    /**
     * The sizes of a network.
     *
     * @param inputs its inputs
     * @param embedding length of the vector of a value
     * @param hidden sizes of the hidden layers; empty for the wide part alone
     * @param outputs number of outputs
     * @param dropout share of a hidden layer's outputs that training leaves out
     */
    public record Sizes(Inputs inputs, long embedding, List<Integer> hidden, long outputs, double dropout) {
        /** Makes the list unmodifiable. */
        public Sizes {
            hidden = List.copyOf(hidden);
        }
    }

    /**
     * Makes the network.
     *
     * @param sizes its sizes
     * @throws IllegalArgumentException if there are no inputs
     */
    public WideAndDeepNetwork(Sizes sizes) {
        Inputs in = sizes.inputs();
        if (in.names().isEmpty()) {
            throw new IllegalArgumentException(
                    "wideAndDeep: expected numbers, features or categories, got no inputs; name at least one column");
        }
        this.sizes = sizes;
        bias = addParameter(new Parameter("bias", Role.BIAS, DType.FLOAT32, Shape.of(sizes.outputs()), new Zeros()));
        wideNumbers = in.numbers() ? addChild("wide_numbers", linear(sizes.outputs())) : null;
        wideFeatures = in.features() ? addChild("wide_features", linear(sizes.outputs())) : null;
        boolean deep = !sizes.hidden().isEmpty();
        Initializer drawn = new ZeroRow(Initializer.defaultFor(Role.EMBEDDING), 0);
        for (int i = 0; i < in.categories().size(); i++) {
            long ids = in.categories().get(i);
            wide.add(addChild("wide_" + category(i), table(ids, sizes.outputs(), new Zeros())));
            if (deep) {
                vectors.add(addChild("deep_" + category(i), table(ids, sizes.embedding(), drawn)));
            }
        }
        for (int i = 0; i < in.crosses().size(); i++) {
            crosses.add(addChild("cross" + i, table(rows(in, i), sizes.outputs(), new Zeros())));
        }
        boolean dense = in.numbers() || !in.categories().isEmpty();
        first = deep && dense ? addChild("first", new Dense(sizes.hidden().get(0))) : null;
        firstFeatures = deep && in.features()
                ? addChild(
                        "first_features",
                        Dense.builder()
                                .units(sizes.hidden().get(0))
                                .useBias(!dense)
                                .build())
                : null;
        dropout = deep && sizes.dropout() > 0 ? addChild("dropout", new Dropout(sizes.dropout())) : null;
        hidden = sizes.hidden().size() > 1 ? addChild("hidden", hidden(sizes)) : null;
        output = deep ? addChild("output", linear(sizes.outputs())) : null;
    }

    /**
     * The input of a category.
     *
     * @param i its place among all
     * @return its name
     */
    public static String category(int i) {
        return CATEGORY + i;
    }

    private static Dense linear(long outputs) {
        return Dense.builder()
                .units(outputs)
                .useBias(false)
                .weightInitializer(new Zeros())
                .build();
    }

    private static Embedding table(long rows, long width, Initializer initializer) {
        return new Embedding(rows, width, initializer).withRowGradient();
    }

    private static Sequential hidden(Sizes sizes) {
        Sequential layers = new Sequential();
        for (int size : sizes.hidden().subList(1, sizes.hidden().size())) {
            layers.add(new Dense(size, Activation.RELU));
            if (sizes.dropout() > 0) {
                layers.add(new Dropout(sizes.dropout()));
            }
        }
        return layers;
    }

    /** The number of combinations of a cross, if they all have a row of their own; otherwise 0. */
    private static long combinations(Inputs in, int cross) {
        BigInteger all = BigInteger.ONE;
        for (int c : in.crosses().get(cross)) {
            all = all.multiply(BigInteger.valueOf(in.categories().get(c)));
        }
        return all.compareTo(BigInteger.valueOf(in.crossBuckets())) <= 0 ? all.longValueExact() : 0;
    }

    private static long rows(Inputs in, int cross) {
        long all = combinations(in, cross);
        return all > 0 ? all : in.crossBuckets();
    }

    /**
     * The largest prime below the number of buckets that divides no number of ids: as a remainder by it, all parts of a
     * combination count.
     */
    private static long modulus(Inputs in) {
        for (long m = in.crossBuckets() - 1; m > 1; m--) {
            long candidate = m;
            if (BigInteger.valueOf(m).isProbablePrime(CERTAINTY)
                    && in.categories().stream().noneMatch(n -> n % candidate == 0)) {
                return m;
            }
        }
        return 1;
    }

    @Override
    public List<String> inputNames() {
        return sizes.inputs().names();
    }

    @Override
    public NDArray forward(NDArray x) {
        return forwardAll(x)[0];
    }

    @Override
    public NDArray[] forwardAll(NDArray... inputs) {
        int at = 0;
        NDArray numbers = wideNumbers == null ? null : inputs[at++];
        NDArray features = wideFeatures == null ? null : inputs[at++];
        List<NDArray> ids = List.of(inputs).subList(at, inputs.length);
        List<NDArray> terms = new ArrayList<>();
        if (numbers != null) {
            terms.add(wideNumbers.call(numbers));
        }
        if (features != null) {
            terms.add(wideFeatures.call(features));
        }
        for (int i = 0; i < wide.size(); i++) {
            terms.add(wide.get(i).call(ids.get(i)));
        }
        for (int i = 0; i < crosses.size(); i++) {
            terms.add(crosses.get(i).call(cross(i, ids)));
        }
        if (output != null) {
            terms.add(deep(numbers, features, ids));
        }
        return new NDArray[] {sum(terms).add(bias.data())};
    }

    private static NDArray sum(List<NDArray> terms) {
        NDArray all = terms.get(0);
        for (NDArray term : terms.subList(1, terms.size())) {
            all = all.add(term);
        }
        return all;
    }

    /** The row of a combination; combinations with an id of 0 share row 0 where others share rows by a hash. */
    private NDArray cross(int cross, List<NDArray> ids) {
        Inputs in = sizes.inputs();
        boolean exact = combinations(in, cross) > 0;
        long modulus = modulus(in);
        NDArray row = null;
        NDArray known = null;
        for (int c : in.crosses().get(cross)) {
            NDArray id = ids.get(c).cast(DType.INT64);
            row = row == null ? id : row.mul(in.categories().get(c)).add(id);
            if (!exact) {
                row = Elementwise.mod(row, Creation.fullLike(row, modulus));
                NDArray named = id.clip(0, 1);
                known = known == null ? named : known.mul(named);
            }
        }
        return exact ? row : row.add(1).mul(known);
    }

    private NDArray deep(NDArray numbers, NDArray features, List<NDArray> ids) {
        List<NDArray> terms = new ArrayList<>();
        if (first != null) {
            List<NDArray> parts = new ArrayList<>();
            if (numbers != null) {
                parts.add(numbers);
            }
            for (int i = 0; i < vectors.size(); i++) {
                parts.add(vectors.get(i).call(ids.get(i)));
            }
            terms.add(first.call(parts.size() == 1 ? parts.get(0) : Movement.concat(1, parts.toArray(new NDArray[0]))));
        }
        if (firstFeatures != null) {
            terms.add(firstFeatures.call(features));
        }
        NDArray y = Elementwise.relu(sum(terms));
        if (dropout != null) {
            y = dropout.call(y);
        }
        return output.call(hidden == null ? y : hidden.call(y));
    }
}
