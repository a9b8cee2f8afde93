package io.kiln.nn;

import java.util.IdentityHashMap;
import java.util.Map;

/** The names of the parameters of the network that this thread traces. */
final class TraceNames implements AutoCloseable {
    private static final ThreadLocal<TraceNames> CURRENT = new ThreadLocal<>();

    private final Map<Parameter, String> names = new IdentityHashMap<>();
    private final TraceNames outer;

    private TraceNames(Block root) {
        outer = CURRENT.get();
        root.parameters().forEach((name, p) -> names.putIfAbsent(p, name));
        CURRENT.set(this);
    }

    static TraceNames of(Block root) {
        return new TraceNames(root);
    }

    static boolean isOpen() {
        return CURRENT.get() != null;
    }

    static String of(Parameter p) {
        TraceNames t = CURRENT.get();
        String name = t == null ? null : t.names.get(p);
        if (name == null) {
            throw new IllegalStateException("trace: parameter " + p + " belongs to no registered block of the network;"
                    + " register it with addParameter and its block with addChild, and trace with Block.trace or"
                    + " Block.call");
        }
        return name;
    }

    @Override
    public void close() {
        if (outer == null) {
            CURRENT.remove();
        } else {
            CURRENT.set(outer);
        }
    }
}
