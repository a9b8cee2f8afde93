package io.kiln.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.backend.DeviceFailedException;
import io.kiln.backend.Event;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When work of NCCL's counts as failed, and when its communicators are freed. The devices are objects of this test: those of others go on. */
class NcclWatchTest {
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final Duration SHORT = Duration.ofMillis(20);
    private static final int LOOKS = 100; // at two communicators, with 5 ms between
    private static final long[] COMMS = {100, 101};
    private static final Event[] NONE = {Event.DONE, Event.DONE};

    private final FakeNccl nccl = new FakeNccl();
    private CudaDevice device;
    private List<CudaDevice> devices;

    @BeforeEach
    void devices() {
        RequiresCuda.device();
        device = new CudaDevice(0);
        devices = List.of(device, new CudaDevice(0));
    }

    /** An event that is there when it is told. */
    private static final class Switch implements Event {
        private volatile boolean done;

        @Override
        public boolean isDone() {
            return done;
        }

        @Override
        public void synchronize(Duration deadline) {
            throw new UnsupportedOperationException();
        }
    }

    private void looked() {
        int before = nccl.looks.get();
        FakeNccl.until(() -> nccl.looks.get() > before + LOOKS, "looks");
    }

    @Test
    void communicatorsThatACallUsesAreAbortedWhenItReturns() {
        NcclWatch watch = new NcclWatch(nccl, devices, COMMS, LONG);
        watch.given("ncclReduce", NONE);
        devices.get(1).fail("it fell off the bus", null);
        FakeNccl.until(device::hasFailed, "the other device fails");
        assertThrows(DeviceFailedException.class, () -> watch.given("ncclReduce", NONE));
        assertEquals(Set.of(), nccl.aborted);
        watch.returned(0);
        FakeNccl.until(() -> nccl.aborted.size() == 2, "aborts");
        DeviceFailedException e = assertThrows(DeviceFailedException.class, watch::checkNotFailed);
        assertTrue(e.getMessage().contains("ncclReduce cannot end: cuda(0): it fell off the bus"), e.getMessage());
    }

    @Test
    void aCallThatHangsIsAborted() {
        NcclWatch watch = new NcclWatch(nccl, devices, COMMS, SHORT);
        watch.given("ncclReduce", NONE);
        FakeNccl.until(() -> nccl.aborted.size() == 2, "aborts");
        assertTrue(device.failure().contains("ncclReduce has not ended within PT0.02S"), device.failure());
        watch.returned(0);
        assertThrows(DeviceFailedException.class, watch::close);
    }

    @Test
    void timeRunsFromWhenAllRanksHaveReachedTheWork() {
        NcclWatch watch = new NcclWatch(nccl, devices, COMMS, SHORT);
        Switch start = new Switch();
        watch.given("ncclReduce", new Event[] {Event.DONE, start});
        watch.returned(0);
        watch.marked(new Event[] {Event.DONE, new Switch()});
        looked();
        assertFalse(device.hasFailed(), device::failure);
        start.done = true;
        FakeNccl.until(device::hasFailed, "it takes too long");
    }

    @Test
    void whatIsInProgressHasNotFailed() {
        NcclWatch watch = new NcclWatch(nccl, devices, COMMS, LONG);
        Switch end = new Switch();
        nccl.errors.set(1, 7);
        watch.given("ncclReduce", NONE);
        watch.returned(0);
        watch.marked(new Event[] {Event.DONE, end});
        looked();
        assertFalse(device.hasFailed(), device::failure);
        end.done = true;
        watch.close();
        assertEquals(Set.of(100L, 101L), nccl.destroyed);
    }

    @Test
    void aRefusalBlamesNoDevice() {
        NcclWatch watch = new NcclWatch(nccl, devices, COMMS, LONG);
        watch.given("ncclReduce", NONE);
        watch.returned(4);
        assertTrue(
                device.failure().startsWith("cuda(0): NCCL over cuda(0), cuda(0): ncclReduce failed: code 4"),
                device.failure());
    }

    @Test
    void theDeviceThatHasFailedIsNamedBeforeTheRankThatSaysSo() {
        NcclWatch watch = new NcclWatch(nccl, devices, COMMS, LONG);
        devices.get(1).fail("it fell off the bus", null);
        nccl.errors.set(0, 6);
        watch.given("ncclReduce", NONE);
        watch.returned(0);
        FakeNccl.until(device::hasFailed, "the other device fails");
        assertTrue(device.failure().contains("cannot end: cuda(0): it fell off the bus"), device.failure());
    }

    @Test
    void aLossIsSeenWhileAnotherRankWaits() {
        NcclWatch watch = new NcclWatch(nccl, devices, COMMS, LONG);
        Event lost = new Event() {
            @Override
            public boolean isDone() {
                devices.get(1).fail("it fell off the bus", null);
                return true;
            }

            @Override
            public void synchronize(Duration deadline) {
                throw new UnsupportedOperationException();
            }
        };
        watch.given("ncclReduce", NONE);
        watch.returned(0);
        watch.marked(new Event[] {new Switch(), lost});
        FakeNccl.until(device::hasFailed, "the other device fails");
        assertTrue(device.failure().contains("cannot end: cuda(0): it fell off the bus"), device.failure());
    }

    @Test
    void workWhoseEndNobodyWouldKnowCountsAsFailed() {
        NcclWatch watch = new NcclWatch(nccl, devices, COMMS, LONG);
        watch.given("ncclReduce", NONE);
        watch.returned(0);
        IllegalStateException why = new IllegalStateException("no event");
        assertEquals(why, watch.unmarked(why).getCause());
        FakeNccl.until(() -> nccl.aborted.size() == 2, "aborts");
        assertTrue(device.hasFailed());
    }
}
