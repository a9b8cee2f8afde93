package io.kiln.ndarray;

import io.kiln.backend.Context;
import java.util.ArrayList;
import java.util.List;

/**
 * Owns the arrays that a thread creates while the scope is the innermost open one; closing it frees them.
 *
 * <pre>{@code
 * try (Scope step = Scope.open()) {
 *     NDArray loss = net.forward(x).sub(y).square().mean();
 *     history.add(step.keep(loss)); // everything else of this step is freed at the brace
 * }
 * }</pre>
 *
 * <p>Life cycle: open, used by its thread, closed once by the same thread, innermost first. Arrays created outside any
 * scope are freed by the garbage collector, or earlier by {@link NDArray#close()}.
 */
public final class Scope implements AutoCloseable {
    private static final Context.Local<Scope> CURRENT = Context.local(Context.Part.SCOPE, Scope.class);

    private static final List<NDArray> NONE = List.of();

    private final Scope parent;
    private final Thread thread = Thread.currentThread();
    private List<NDArray> arrays = NONE;

    private Scope(Scope parent) {
        this.parent = parent;
    }

    /**
     * Opens a scope inside the current one.
     *
     * @return the scope, to be closed by this thread
     */
    public static Scope open() {
        Scope s = new Scope(CURRENT.get());
        CURRENT.set(s);
        return s;
    }

    /**
     * The innermost open scope of this thread.
     *
     * @return the scope, or null outside any
     */
    public static Scope current() {
        return CURRENT.get();
    }

    /**
     * Moves an array of this scope to the enclosing scope, or leaves it to the garbage collector if there is none.
     *
     * @param array an array that belongs to this scope; one that belongs elsewhere is not moved
     * @return the array
     */
    public NDArray keep(NDArray array) {
        checkOpen("keep");
        if (array.owner() == this) {
            if (parent == null) {
                array.detach();
            } else {
                parent.adopt(array);
            }
        }
        return array;
    }

    void adopt(NDArray array) {
        array.owner(this);
        if (arrays == NONE) { // many scopes stay empty
            arrays = new ArrayList<>();
        }
        arrays.add(array);
    }

    private void checkOpen(String operation) {
        if (arrays == null) {
            throw new IllegalStateException("scope: " + operation + " after close");
        }
        if (Thread.currentThread() != thread) {
            throw new IllegalStateException("scope: " + operation + " on thread "
                    + Thread.currentThread().getName() + ", but the scope belongs to " + thread.getName());
        }
    }

    /** Frees the arrays of this scope. Closing twice does nothing. */
    @Override
    public void close() {
        if (arrays == null) {
            return;
        }
        checkOpen("close");
        if (CURRENT.get() != this) {
            throw new IllegalStateException("scope: closed while a scope opened inside it is still open");
        }
        List<NDArray> mine = arrays;
        arrays = null;
        CURRENT.set(parent);
        for (int i = 0; i < mine.size(); i++) {
            if (mine.get(i).owner() == this) {
                mine.get(i).close();
            }
        }
    }

    /**
     * Lists the live arrays in this thread's open scopes, outermost first.
     *
     * @return one line per scope and array: dtype, shape, bytes
     */
    public static String debugDump() {
        List<Scope> stack = new ArrayList<>();
        for (Scope s = CURRENT.get(); s != null; s = s.parent) {
            stack.add(0, s);
        }
        StringBuilder text = new StringBuilder();
        for (int depth = 0; depth < stack.size(); depth++) {
            Scope s = stack.get(depth);
            List<NDArray> alive = s.arrays.stream()
                    .filter(a -> a.owner() == s && !a.isClosed())
                    .toList();
            long bytes =
                    alive.stream().mapToLong(a -> a.size() * a.dtype().bytes()).sum();
            String indent = "  ".repeat(depth);
            text.append(indent).append("scope ").append(depth).append(": ").append(alive.size());
            text.append(" arrays, ").append(bytes).append(" bytes\n");
            for (NDArray a : alive) {
                text.append(indent).append("  ").append(a.spec()).append(' ');
                text.append(a.size() * a.dtype().bytes()).append(" bytes\n");
            }
        }
        return text.isEmpty()
                ? "no scope is open on thread " + Thread.currentThread().getName() + "\n"
                : text.toString();
    }
}
