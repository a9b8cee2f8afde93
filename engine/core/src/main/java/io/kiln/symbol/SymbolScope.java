package io.kiln.symbol;

import io.kiln.backend.Context;
import java.util.HashMap;
import java.util.Map;

/**
 * Settings for the symbols that a thread creates while the scope is open: a prefix for their names, attributes, and the
 * counters for automatic names, which restart in each scope, so that a network built in a scope always has the same
 * names.
 *
 * <pre>{@code
 * try (SymbolScope scope = SymbolScope.open("encoder_").attribute("lr_mult", "0.1")) {
 *     h = Symbol.of(new Relu(), x); // called encoder_relu0
 * }
 * }</pre>
 *
 * <p>Scopes nest: prefixes are concatenated, and an inner attribute hides an outer one.
 */
public final class SymbolScope implements AutoCloseable {
    private static final Context.Local<SymbolScope> CURRENT = Context.local(Context.Part.SYMBOLS, SymbolScope.class);

    private final SymbolScope outer;
    private final String prefix;
    private final Map<String, String> attributes;
    private final Map<String, Integer> counters = new HashMap<>();

    private SymbolScope(SymbolScope outer, String prefix, Map<String, String> attributes) {
        this.outer = outer;
        this.prefix = prefix;
        this.attributes = new HashMap<>(attributes);
    }

    /**
     * Opens a scope inside the current one.
     *
     * @param prefix prefix of the symbols' names, such as {@code stage1_}; may be empty
     * @return the scope, to be closed by this thread
     */
    public static SymbolScope open(String prefix) {
        SymbolScope now = current();
        SymbolScope scope = new SymbolScope(now, now.prefix + prefix, now.attributes);
        CURRENT.set(scope);
        return scope;
    }

    /**
     * Sets an attribute for all symbols created from now on.
     *
     * @param key the attribute's name
     * @param value its text
     * @return this scope
     */
    public SymbolScope attribute(String key, String value) {
        attributes.put(key, value);
        return this;
    }

    static SymbolScope current() {
        return CURRENT.get(() -> new SymbolScope(null, "", Map.of()));
    }

    /** The full name of a symbol: the requested one, or the operator's with a number. */
    String name(String asked, String operator) {
        return prefix + (asked != null ? asked : operator + (counters.merge(operator, 1, Integer::sum) - 1));
    }

    Map<String, String> attributes(Map<String, String> own) {
        Map<String, String> all = new HashMap<>(attributes);
        all.putAll(own);
        return all;
    }

    /** Ends the scope. */
    @Override
    public void close() {
        if (CURRENT.get() != this) {
            throw new IllegalStateException("symbol scope: closed while a scope opened inside it is still open");
        }
        CURRENT.set(outer);
    }
}
