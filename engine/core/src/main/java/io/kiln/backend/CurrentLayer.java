package io.kiln.backend;

/**
 * The layer that a thread is running. Errors of values that a device reports later name it, although other layers run by
 * then.
 *
 * <p>Life cycle: from {@link #enter} to {@link #close}, innermost first. Concurrency: belongs to its thread.
 */
public final class CurrentLayer implements AutoCloseable {
    private static final Context.Local<CurrentLayer> CURRENT = Context.local(Context.Part.LAYER, CurrentLayer.class);

    private final CurrentLayer outer;
    private final String name;
    private String node;

    private CurrentLayer(CurrentLayer outer, String name) {
        this.outer = outer;
        this.name = name;
    }

    /**
     * Enters a layer.
     *
     * @param name its name; null or empty for none
     * @return leaves the layer when closed
     */
    public static CurrentLayer enter(String name) {
        CurrentLayer entered = new CurrentLayer(CURRENT.get(), name);
        CURRENT.set(entered);
        return entered;
    }

    /**
     * Enters a graph, whose nodes follow one another.
     *
     * @return leaves the graph when closed
     */
    public static CurrentLayer enterGraph() {
        return enter(null);
    }

    /**
     * Tells the node of the graph that runs from now on.
     *
     * @param name its name, {@code layer/operator}
     */
    public void node(String name) {
        node = name;
    }

    /**
     * The layer of a node.
     *
     * @param node its name, {@code layer/operator}
     * @return the layer's path; empty if the node is in none
     */
    public static String ofNode(String node) {
        return node.substring(0, Math.max(0, node.lastIndexOf('/')));
    }

    /**
     * The layer that the calling thread is running.
     *
     * @return the names of the layers, outermost first, separated by dots; empty if the thread runs none
     */
    public static String path() {
        StringBuilder path = new StringBuilder();
        for (CurrentLayer at = CURRENT.get(); at != null; at = at.outer) {
            String part = at.node == null ? at.name : ofNode(at.node);
            if (part != null && !part.isEmpty()) {
                path.insert(0, path.length() == 0 ? part : part + ".");
            }
        }
        return path.toString();
    }

    @Override
    public void close() {
        CURRENT.set(outer);
    }
}
