package io.kiln.ndarray;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.Backends;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** Scopes free what was made inside them, and nothing else, whatever the order of calls. */
class ScopePropertiesTest {
    /** Runs a random program of opening, closing, making, viewing, keeping and freeing beside a simple model of it. */
    @Property(tries = 300)
    void scopesFreeExactlyWhatTheyOwn(@ForAll @Size(max = 60) List<@IntRange(min = 0, max = 5) Integer> program) {
        long before = Backends.current().allocator().liveBytes();
        Deque<Scope> scopes = new ArrayDeque<>();
        Deque<List<NDArray>> owned = new ArrayDeque<>();
        scopes.push(Scope.open());
        owned.push(new ArrayList<>());
        for (int step : program) {
            List<NDArray> mine = owned.peek();
            switch (step) {
                case 0 -> {
                    scopes.push(Scope.open());
                    owned.push(new ArrayList<>());
                }
                case 1 -> close(scopes, owned);
                case 2 -> mine.add(NDArray.zeros(Shape.of(3, 4), DType.FLOAT32));
                case 3 -> {
                    if (!mine.isEmpty()) {
                        mine.add(mine.get(mine.size() - 1).transpose());
                    }
                }
                case 4 -> {
                    if (!mine.isEmpty() && owned.size() > 1) {
                        NDArray kept = mine.remove(0);
                        scopes.peek().keep(kept);
                        owned.stream().skip(1).findFirst().orElseThrow().add(kept);
                    }
                }
                default -> {
                    if (!mine.isEmpty()) {
                        mine.remove(0).close();
                    }
                }
            }
            if (scopes.isEmpty()) {
                scopes.push(Scope.open());
                owned.push(new ArrayList<>());
            }
            owned.forEach(list -> list.forEach(a -> assertFalse(a.isClosed())));
        }
        while (!scopes.isEmpty()) {
            close(scopes, owned);
        }
        // Less when the garbage collector frees what earlier tests left to it.
        assertTrue(Backends.current().allocator().liveBytes() <= before);
    }

    private static void close(Deque<Scope> scopes, Deque<List<NDArray>> owned) {
        scopes.pop().close();
        owned.pop().forEach(a -> assertTrue(a.isClosed()));
    }

    @Example
    void aViewKeepsTheMemoryOfAClosedArray() {
        try (Scope scope = Scope.open()) {
            NDArray a = NDArray.of(1, 2, 3, 4);
            NDArray b = a.reshape(2, 2);
            a.close();
            assertEquals(4, b.get(1, 1));
            assertThrows(IllegalStateException.class, a::toFloatArray);
        }
    }

    @Example
    void closingOutOfOrderIsRefused() {
        try (Scope outer = Scope.open();
                Scope inner = Scope.open()) {
            assertThrows(IllegalStateException.class, outer::close);
        }
    }

    @Example
    void theDumpNamesWhatIsAlive() {
        try (Scope scope = Scope.open()) {
            NDArray.zeros(Shape.of(2, 3), DType.FLOAT32);
            NDArray.zeros(Shape.of(5), DType.INT64).close();
            String dump = Scope.debugDump();
            assertTrue(dump.contains("float32[2,3] 24 bytes"), dump);
            assertFalse(dump.contains("int64[5]"), dump);
        }
    }
}
