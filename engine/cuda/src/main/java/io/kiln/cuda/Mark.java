package io.kiln.cuda;

import static jcuda.driver.JCudaDriver.cuEventQuery;

import io.kiln.backend.DeviceFailedException;
import io.kiln.backend.Event;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import jcuda.driver.CUevent;
import jcuda.driver.CUresult;

/** A place in the queue. What was given to the queue between it and the first question counts as before it. */
final class Mark implements Event {
    private static final int SPINS = 2_000;
    private static final long NAP_NANOS = 20_000;

    private final CudaQueue queue;
    private final long number;
    private CUevent event;
    private boolean done;

    Mark(CudaQueue queue, long number) {
        this.queue = queue;
        this.number = number;
        this.done = number == 0;
    }

    long number() {
        return number;
    }

    CudaQueue queue() {
        return queue;
    }

    /** CUDA's event; null when the work has ended. */
    synchronized CUevent event() {
        if (event == null && !done) {
            event = queue.mark(this);
        }
        return event;
    }

    /** True, too, when the device has failed: nothing runs on it any more. */
    @Override
    public synchronized boolean isDone() {
        try {
            done = done || ask();
        } catch (DeviceFailedException e) {
            done = true;
        }
        return done;
    }

    private boolean ask() {
        CUevent asked = event();
        if (asked == null) {
            return true;
        }
        queue.device().makeCurrent();
        int status = cuEventQuery(asked);
        if (status == CUresult.CUDA_ERROR_NOT_READY) {
            return false;
        }
        queue.device().check(status, "work in queue " + queue.name());
        return true;
    }

    @Override
    public void synchronize(Duration deadline) {
        long end = System.nanoTime() + deadline.toNanos();
        for (long tries = 0; !isDone(); tries++) {
            if (tries < SPINS) {
                Thread.onSpinWait();
            } else if (System.nanoTime() > end) {
                throw new IllegalStateException(queue + " has not ended its work within " + deadline);
            } else {
                LockSupport.parkNanos(NAP_NANOS);
            }
        }
        queue.device().checkNotFailed();
    }
}
