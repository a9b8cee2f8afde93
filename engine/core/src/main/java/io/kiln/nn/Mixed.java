package io.kiln.nn;

import io.kiln.init.Initializer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Sets initializers by the names of parameters: the first of the added patterns that occurs in a parameter's structural
 * name determines its initializer; parameters that match no pattern keep their layer's initializer.
 *
 * <pre>{@code
 * new Mixed().add("embed.*weight", new Normal(0.02)).add("bias$", new Constant(0.1)).applyTo(net);
 * net.initialize(seed);
 * }</pre>
 */
public final class Mixed {
    private final Map<Pattern, Initializer> rules = new LinkedHashMap<>();

    /** Creates an instance without rules. */
    public Mixed() {}

    /**
     * Appends a rule.
     *
     * @param pattern a regular expression, which may match anywhere in the name
     * @param initializer the initializer for parameters whose name it matches
     * @return this
     */
    public Mixed add(String pattern, Initializer initializer) {
        rules.put(Pattern.compile(pattern), initializer);
        return this;
    }

    /**
     * Sets the initializers of a network's parameters. Existing values are discarded, and drawn again when they are
     * needed.
     *
     * @param network the network
     * @return the number of parameters that matched a rule
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
