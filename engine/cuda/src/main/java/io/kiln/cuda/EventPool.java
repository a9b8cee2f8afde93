package io.kiln.cuda;

import static jcuda.driver.JCudaDriver.cuEventCreate;

import java.lang.ref.Cleaner;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;

/** Events of a device, used again when nothing refers to what they marked. Concurrency: thread-safe. */
final class EventPool {
    private static final Cleaner CLEANER = Cleaner.create();

    private final CudaDevice device;
    private final Queue<CUevent> free = new ConcurrentLinkedQueue<>();

    EventPool(CudaDevice device) {
        this.device = device;
    }

    /** An event, to be recorded, that comes back when its owner is unreachable. The device is current. */
    CUevent take(Object owner) {
        CUevent known = free.poll();
        CUevent event = known == null ? create() : known;
        Queue<CUevent> back = free;
        CLEANER.register(owner, () -> back.add(event));
        return event;
    }

    private CUevent create() {
        CUevent event = new CUevent();
        device.check(cuEventCreate(event, CUevent_flags.CU_EVENT_DISABLE_TIMING), "cuEventCreate");
        return event;
    }
}
