package io.kiln.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.kiln.op.random.RandomGenerator;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("core")
class RandomGeneratorTest {
    @Test
    void seedStartsAgain() {
        RandomGenerator.seed(11);
        RandomGenerator.State first = RandomGenerator.next();
        assertNotEquals(first, RandomGenerator.next());
        RandomGenerator.seed(11);
        assertEquals(first, RandomGenerator.next());
    }

    @Test
    void restoredStateGoesOnWhereItWasSaved() {
        RandomGenerator.seed(5);
        RandomGenerator.next();
        RandomGenerator.State saved = RandomGenerator.state();
        RandomGenerator.State next = RandomGenerator.next();
        RandomGenerator.seed(99);
        RandomGenerator.restore(saved);
        assertEquals(next, RandomGenerator.next());
    }

    @Test
    void threadsDoNotDisturbEachOther() throws InterruptedException {
        RandomGenerator.seed(5);
        AtomicReference<RandomGenerator.State> seen = new AtomicReference<>();
        Thread thread = new Thread(() -> seen.set(RandomGenerator.next()));
        thread.start();
        thread.join(10_000);
        assertEquals(new RandomGenerator.State(0, 0), seen.get());
        assertEquals(new RandomGenerator.State(5, 0), RandomGenerator.next());
    }
}
