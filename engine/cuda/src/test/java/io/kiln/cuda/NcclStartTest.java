package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What becomes of communicators that nobody waits for any more. */
class NcclStartTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final Duration SHORT = Duration.ofMillis(20);
    private static final int[] DEVICES = {0, 1};

    private final FakeNccl late = new FakeNccl();
    private final FakeNccl next = new FakeNccl();

    private static String failure(FakeNccl nccl, Duration patience) {
        return assertThrows(
                        IllegalStateException.class, () -> NcclStart.on(nccl, DEVICES, "cuda(0), cuda(1)", patience))
                .getMessage();
    }

    private void comesLater() {
        assertEquals(Set.of(), late.destroyed);
        String waits = failure(next, SHORT);
        assertTrue(waits.contains("ncclCommInitAll waits for an earlier one of this process"), waits);
        assertEquals(0, next.begun.get());
        late.mayAnswer.countDown();
        next.mayAnswer.countDown();
        assertArrayEquals(new long[] {100, 101}, NcclStart.on(next, DEVICES, "cuda(0), cuda(1)", LONG));
        assertEquals(Set.of(100L, 101L), late.destroyed);
        assertEquals(Set.of(), next.destroyed);
    }

    @Test
    void communicatorsThatComeTooLateAreFreedBeforeOthersAreMade() {
        String told = failure(late, SHORT);
        assertTrue(told.contains("cuda(0), cuda(1): ncclCommInitAll has not ended within PT0.02S"), told);
        FakeNccl.until(() -> late.begun.get() == 1, "it begins");
        comesLater();
    }

    @Test
    void soAreThoseThatAnInterruptedThreadHasAskedFor() throws Exception {
        Thread caller = new Thread(() -> failure(late, LONG));
        caller.start();
        FakeNccl.until(() -> late.begun.get() == 1, "it begins");
        caller.interrupt();
        caller.join(LONG.toMillis());
        assertTrue(!caller.isAlive(), "it goes on waiting");
        comesLater();
    }
}
