package io.kiln.op;

import io.kiln.ndarray.NDArray;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Calls custom operators and registers those that graphs may name. A graph's JSON never makes Kiln load a class that
 * the user has not named as a custom operator: by {@link #register}, or by a line in
 * {@code META-INF/services/io.kiln.op.CustomOp} of the user's jar, which also works on executors.
 *
 * <p>Concurrency: thread-safe.
 */
public final class CustomOps {
    private static final Map<String, Class<? extends CustomOp>> REGISTERED = new ConcurrentHashMap<>();

    private CustomOps() {}

    /**
     * Runs a custom operator.
     *
     * @param op the operator
     * @param inputs its inputs
     * @return its outputs
     */
    public static NDArray[] call(CustomOp op, NDArray... inputs) {
        return Dispatch.run(new Custom(op), inputs);
    }

    /**
     * Lets graphs name a custom operator, in this process.
     *
     * @param type a record
     * @throws IllegalArgumentException if it is not a record
     */
    public static void register(Class<? extends CustomOp> type) {
        if (!type.isRecord()) {
            throw new IllegalArgumentException("customOp: " + type.getName()
                    + " is no record; only a record's attributes can be written to a graph");
        }
        REGISTERED.put(type.getName(), type);
    }

    /**
     * The name by which graphs know a custom operator.
     *
     * @param op the operator
     * @return the name of its class
     * @throws IllegalArgumentException if it is not registered, so the graph could not be read
     */
    public static String nameOf(CustomOp op) {
        String name = op.getClass().getName();
        if (find(name) != op.getClass()) {
            throw new IllegalArgumentException("customOp: another class is registered as " + name);
        }
        return name;
    }

    /**
     * The class of a registered custom operator.
     *
     * @param name the name of its class
     * @return the class
     * @throws IllegalArgumentException if none of that name is registered
     */
    public static Class<? extends CustomOp> find(String name) {
        Class<? extends CustomOp> type = REGISTERED.get(name);
        if (type != null) {
            return type;
        }
        try {
            return ServiceLoader.load(CustomOp.class).stream()
                    .map(ServiceLoader.Provider::type)
                    .filter(t -> t.getName().equals(name) && t.isRecord())
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("customOp: " + name
                            + " is not registered; call CustomOps.register with its class, or name it in"
                            + " META-INF/services/io.kiln.op.CustomOp"));
        } catch (ServiceConfigurationError e) {
            throw new IllegalArgumentException("customOp: cannot look for " + name + ": " + e.getMessage(), e);
        }
    }
}
