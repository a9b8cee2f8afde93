package io.kiln.spark.model;

import io.kiln.format.ByteChunks;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What a training takes over from an earlier one, and which parameters it changes how fast. Components have the names of
 * the Params that set them.
 *
 * @param initialModel the weights to begin with; null for those of the network itself
 * @param reinitialized parameters that are drawn anew although there is an initial model
 * @param trainable the only parameters that are trained; none given: all
 * @param frozen parameters that are not trained
 * @param learningRateFactors factors on the learning rate, each {@code pattern=factor}; the first whose pattern matches
 *     counts
 */
public record TransferLearning(
        InitialModel initialModel,
        List<String> reinitialized,
        List<String> trainable,
        List<String> frozen,
        List<String> learningRateFactors) {
    /** Changes nothing. */
    public static final TransferLearning NONE = new TransferLearning(null, List.of(), List.of(), List.of(), List.of());

    /**
     * Makes the lists unmodifiable.
     *
     * @throws IllegalArgumentException if parameters are named to be drawn anew without an initial model
     */
    public TransferLearning {
        reinitialized = List.copyOf(reinitialized);
        trainable = List.copyOf(trainable);
        frozen = List.copyOf(frozen);
        learningRateFactors = List.copyOf(learningRateFactors);
        if (initialModel == null && !reinitialized.isEmpty()) {
            throw new IllegalArgumentException(
                    "reinitialized: %s is set without an initialModel; all parameters are drawn anew, unset it"
                            .formatted(reinitialized));
        }
    }

    /**
     * Whether a text is a factor for a pattern, as the validator of a Param.
     *
     * @param text {@code pattern=factor}
     * @return true
     * @throws IllegalArgumentException otherwise
     */
    public static boolean checkFactor(String text) {
        int at = text.lastIndexOf('=');
        double factor = Double.NaN;
        try {
            factor = at > 0 ? Double.parseDouble(text.substring(at + 1).strip()) : Double.NaN;
        } catch (NumberFormatException e) {
            throw notAFactor(text, e);
        }
        if (!(factor > 0) || Double.isInfinite(factor)) {
            throw notAFactor(text, null);
        }
        return true;
    }

    private static IllegalArgumentException notAFactor(String text, Exception cause) {
        return new IllegalArgumentException(
                "learningRateFactors: expected a pattern and a factor above 0, such as backbone.*=0.1, got \"%s\"; freeze parameters that must not change"
                        .formatted(text),
                cause);
    }

    Network.Traced applied(Network.Traced network) {
        if (equals(NONE)) {
            return network;
        }
        Set<String> all = new TreeSet<>();
        Set<String> trained = new TreeSet<>();
        network.graph().parameters().forEach(p -> {
            all.add(p.name());
            if (p.role().isTrained()) {
                trained.add(p.name());
            }
        });
        NamePatterns redrawn = new NamePatterns("reinitialized", reinitialized);
        redrawn.check(all);
        ByteChunks values = initialModel == null
                ? network.values()
                : initialModel.applied(network.graph(), network.values(), redrawn);
        return new Network.Traced(network.graph(), values, fixed(network, trained), network.byRows(), rates(trained));
    }

    private Set<String> fixed(Network.Traced network, Set<String> trained) {
        NamePatterns only = new NamePatterns("trainable", trainable);
        NamePatterns never = new NamePatterns("frozen", frozen);
        only.check(trained);
        never.check(trained);
        Set<String> fixed = new TreeSet<>(network.frozen());
        for (String name : trained) {
            if (never.match(name) || !trainable.isEmpty() && !only.match(name)) {
                fixed.add(name);
            }
        }
        return fixed;
    }

    private Map<String, Double> rates(Set<String> trained) {
        List<String> patterns = new ArrayList<>();
        List<Double> factors = new ArrayList<>();
        for (String text : learningRateFactors) {
            checkFactor(text);
            patterns.add(text.substring(0, text.lastIndexOf('=')).strip());
            factors.add(Double.parseDouble(text.substring(text.lastIndexOf('=') + 1)));
        }
        NamePatterns named = new NamePatterns("learningRateFactors", patterns);
        named.check(trained);
        Map<String, Double> rates = new LinkedHashMap<>();
        for (String name : trained) {
            int first = named.first(name);
            if (first >= 0) {
                rates.put(name, factors.get(first));
            }
        }
        return rates;
    }
}
