package io.kiln.nn;

import io.kiln.backend.Context;
import io.kiln.ndarray.Shape;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * The names of the parameters of the network that this thread traces and, if it traces a copy, their shapes in the
 * copy.
 */
final class TraceNames implements AutoCloseable {
    private static final Context.Local<TraceNames> CURRENT = Context.local(Context.Part.TRACE_NAMES, TraceNames.class);

    private final Map<Parameter, String> names = new IdentityHashMap<>();
    private final Map<Parameter, Shape> shapes;
    private final TraceNames outer;

    private TraceNames(Block root, Map<Parameter, Shape> shapes) {
        outer = CURRENT.get();
        this.shapes = shapes;
        root.parameters().forEach((name, p) -> names.putIfAbsent(p, name));
        CURRENT.set(this);
    }

    static TraceNames of(Block root) {
        return new TraceNames(root, null);
    }

    /** Names for a copy: shapes inferred by the trace are not stored in the parameters. */
    static TraceNames ofCopy(Block root) {
        return new TraceNames(root, new IdentityHashMap<>());
    }

    /** The shapes in the copy that this thread traces; null if it traces none. */
    static Map<Parameter, Shape> shapesOfCopy() {
        TraceNames t = CURRENT.get();
        return t == null ? null : t.shapes;
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
        CURRENT.set(outer);
    }
}
