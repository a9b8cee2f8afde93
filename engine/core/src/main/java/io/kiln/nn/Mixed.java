package io.kiln.nn;

import io.kiln.init.Initializer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Initializers by the names of parameters: of the patterns added, the first that occurs in a parameter's structural name
 * decides; parameters that none fits keep what their layer gave them.
 *
 * <pre>{@code
 * new Mixed().add("embed.*weight", new Normal(0.02)).add("bias$", new Constant(0.1)).applyTo(net);
 * net.initialize(seed);
 * }</pre>
 */
public final class Mixed {
    private final Map<Pattern, Initializer> rules = new LinkedHashMap<>();

    /** No rules yet. */
    public Mixed() {}

    /**
     * Adds a rule behind those that are there.
     *
     * @param pattern a regular expression, which may match anywhere in the name
     * @param initializer for the parameters whose name it occurs in
     * @return this
     */
    public Mixed add(String pattern, Initializer initializer) {
        rules.put(Pattern.compile(pattern), initializer);
        return this;
    }

    /**
     * Gives the parameters of a network their initializers. Values that exist are given up, and drawn anew when they are
     * needed.
     *
     * @param network the network
     * @return how many parameters a rule fitted
     */
    public int applyTo(Block network) {
        int changed = 0;
        for (Map.Entry<String, Parameter> p : network.parameters().entrySet()) {
            if (p.getValue().initializer() == null) {
                continue;
            }
            for (Map.Entry<Pattern, Initializer> rule : rules.entrySet()) {
                if (rule.getKey().matcher(p.getKey()).find()) {
                    p.getValue().initializer(rule.getValue());
                    changed++;
                    break;
                }
            }
        }
        return changed;
    }
}
