package io.kiln.cuda;

import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuLaunchKernel;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyPeerAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD8Async;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamQuery;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static jcuda.driver.JCudaDriver.cuStreamWaitEvent;

import io.kiln.backend.Context;
import io.kiln.backend.Event;
import io.kiln.backend.NotCapturableException;
import io.kiln.backend.Recording;
import io.kiln.backend.Span;
import io.kiln.backend.Storage;
import io.kiln.kernels.CheckedQueue;
import io.kiln.kernels.ValueChecks;
import io.kiln.op.random.RandomGenerator;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import jcuda.driver.CUevent;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;

/**
 * A stream. An event is a place in it; CUDA hears of one only when somebody asks for it, as each freed block has one
 * and most are never asked for.
 *
 * <p>Concurrency: thread-safe.
 */
final class CudaQueue implements CheckedQueue {
    /** Whether each command has ended before the next is given: for debuggers, and to find the kernel that failed. */
    static final String BLOCKING_PROPERTY = "kiln.cuda.blocking";

    /** Whether training steps and predictions are captured as graphs. */
    static final String GRAPHS_PROPERTY = "kiln.cuda.graphs";

    private static final boolean BLOCKING = Boolean.getBoolean(BLOCKING_PROPERTY);
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final CudaBackend backend;
    private final CudaDevice device;
    private final String name;
    private final Stream stream = new Stream();
    private final Arguments arguments = new Arguments();
    private final ValueChecks checks;
    private Products products;
    private Cudnn cudnn;
    private long commands;
    private Mark last;
    private boolean closed;
    private volatile Capture capture;

    CudaQueue(CudaBackend backend, String name) {
        this.backend = backend;
        this.name = name;
        device = backend.cudaDevice();
        checks = new ValueChecks(backend, this);
        device.makeCurrent();
        device.check(cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate");
    }

    /** Whether work is captured: not where each command has to end first. */
    static boolean captures() {
        return !BLOCKING && !"false".equals(System.getProperty(GRAPHS_PROPERTY));
    }

    /** JCuda keeps the handle for its subclasses. */
    private static final class Stream extends CUstream {
        long handle() {
            return getNativePointer();
        }
    }

    /** What is given to CUDA, under the queue's lock and with the device current. */
    interface Command {
        /** Enqueues it and returns the status. */
        int enqueue(CUstream stream);
    }

    /** Gives a command to the device, or to the graph that is being captured. */
    private synchronized void submit(String call, Command command) {
        begin(call);
        if (isCapturing()) {
            capture.add(call, () -> check(command.enqueue(stream), call));
        } else {
            check(command.enqueue(stream), call);
            end(call);
        }
    }

    /** Launches a kernel, or adds the launch to the graph that is being captured. */
    synchronized void launch(CudaKernel kernel, long[] global, long[] local, Object... given) {
        begin(kernel.name());
        if (isCapturing()) {
            long drawn = RandomGenerator.state().draws();
            arguments.of(kernel.name(), backend.parameterBytes(), given);
            capture.countDraws(RandomGenerator.state().draws() - drawn);
            capture.launch(kernel, global, local, arguments, given);
            return;
        }
        check(
                cuLaunchKernel(
                        kernel.function(),
                        kernel.blocks(global, local, 0),
                        kernel.blocks(global, local, 1),
                        kernel.blocks(global, local, 2),
                        CudaKernel.threads(local, 0),
                        CudaKernel.threads(local, 1),
                        CudaKernel.threads(local, 2),
                        0,
                        stream,
                        arguments.of(kernel.name(), backend.parameterBytes(), given),
                        null),
                kernel.name());
        backend.kernels().counters().countLaunch();
        end(kernel.name());
    }

    /** Has cuBLAS give work to the stream. */
    void submitProduct(Products.Call call) {
        if (!hasProducts()) {
            Storage workspace = Products.newWorkspace(backend); // may wait for other queues: not under the lock
            boolean taken = false;
            try {
                taken = openProducts(workspace);
            } finally {
                if (!taken) {
                    workspace.release();
                }
            }
        }
        submitToProducts(call);
    }

    private synchronized boolean hasProducts() {
        begin("cuBLAS");
        return products != null;
    }

    /** False if another thread was first. */
    private synchronized boolean openProducts(Storage workspace) {
        begin("cuBLAS");
        boolean first = products == null;
        if (first) {
            products = new Products(stream, workspace);
        }
        return first;
    }

    private synchronized void submitToProducts(Products.Call call) {
        begin("cuBLAS");
        submitByLibrary("cuBLAS", () -> products.run(call));
        used(products.workspace());
    }

    /**
     * Has cuDNN give work to the stream. All memory that it uses beside the arrays is declared as {@link #used}; the work
     * allocates none, as that may wait for other queues.
     */
    synchronized void submitCudnn(Consumer<Cudnn> work) {
        begin("cuDNN");
        openCudnn();
        submitByLibrary("cuDNN", () -> work.accept(cudnn));
    }

    /** Asks cuDNN for what it answers without giving work to the stream. */
    synchronized <T> T ask(Function<Cudnn, T> question) {
        begin("cuDNN");
        openCudnn();
        return question.apply(cudnn);
    }

    /** The stream, for a library that gives it work between {@link #beginShared} and {@link #endShared}. */
    long handle() {
        return stream.handle();
    }

    /** Before work that several devices share, which no queue can be locked for as a whole: the caller's thread gives it. */
    synchronized void beginShared(String call) {
        refuseInCapture("calls " + call);
        begin(call);
    }

    /** After it. */
    synchronized void endShared(String call) {
        device.makeCurrent();
        end(call);
    }

    private void openCudnn() {
        if (cudnn == null) {
            cudnn = new Cudnn(this, stream);
        }
    }

    /** What a library says of a device that has failed is vague: the driver is asked. */
    private void submitByLibrary(String library, Runnable work) {
        if (isCapturing()) {
            capture.add(library, work);
            return;
        }
        try {
            work.run();
        } catch (IllegalStateException e) {
            int status = cuStreamQuery(stream);
            if (Status.isSticky(status)) {
                device.fail(status, library + " in queue " + name, e);
                device.checkNotFailed();
            }
            throw e;
        }
        end(library);
    }

    private void begin(String call) {
        checkNotClosed(call);
        device.makeCurrent();
    }

    private void end(String call) {
        commands++;
        if (BLOCKING) {
            check(cuStreamSynchronize(stream), call);
        }
    }

    @Override
    public Recording capture(Runnable work) {
        refuseInCapture("captures work within work that is being captured");
        PartedRecording parts = new PartedRecording();
        RandomGenerator.State before = RandomGenerator.state(); // a replay takes the draws
        synchronized (this) {
            begin("capture");
            if (capture != null) {
                throw new NotCapturableException("another thread has queue " + name + " capture at the moment");
            }
            capture = newCapture(parts);
        }
        Recording done = null;
        try {
            work.run();
            done = finish();
            return done;
        } finally {
            RandomGenerator.restore(before);
            Capture last = capture;
            synchronized (this) {
                capture = null;
            }
            last.abandon();
            if (done == null) {
                parts.close();
            }
        }
    }

    private Capture newCapture(PartedRecording parts) {
        return new Capture(device, stream, checks.newCaptured(), parts);
    }

    private synchronized Recording finish() {
        begin("capture");
        PartedRecording parts = capture.parts();
        if (parts.isEmpty()) {
            return capture.finish(this);
        }
        if (!capture.isEmpty()) {
            parts.add(capture.finish(this));
        }
        return parts;
    }

    /** Another graph begins there. */
    @Override
    public void between(Runnable host) {
        if (!isCapturing()) {
            host.run();
            return;
        }
        synchronized (this) {
            begin("capture");
            PartedRecording parts = capture.parts();
            if (!capture.isEmpty()) {
                parts.add(capture.finish(this));
                capture = newCapture(parts);
            }
            parts.add(host);
        }
    }

    @Override
    public boolean isCapturing() {
        Capture open = capture;
        return open != null && open.isOf(Thread.currentThread());
    }

    private void refuseInCapture(String what) {
        if (isCapturing()) {
            throw new NotCapturableException("it " + what);
        }
    }

    /** Gives captured work to the device. */
    void replay(CudaRecording recording) {
        refuseInCapture("replays work that was captured before");
        checks.replay(recording.checks(), () -> launch(recording));
        backend.kernels().counters().countReplay();
    }

    private synchronized void launch(CudaRecording recording) {
        begin("cuGraphLaunch");
        check(recording.launch(stream, arguments), "cuGraphLaunch");
        end("cuGraphLaunch");
    }

    /** Frees captured work and returns its memory, whose release takes locks that come before the queue's. */
    synchronized List<Storage> release(CudaRecording recording) {
        return recording.release();
    }

    private void checkNotClosed(String call) {
        if (closed) {
            throw new IllegalStateException(
                    backend.device() + ": " + call + " was given to queue " + name + ", which is closed");
        }
    }

    private void check(int status, String call) {
        device.check(status, call + " in queue " + name);
    }

    @Override
    public void copy(Span to, Span from) {
        if (to.bytes() != from.bytes()) {
            throw new IllegalArgumentException(
                    "copy: needs spans of one length, got " + to.bytes() + " and " + from.bytes());
        }
        if (to.bytes() == 0) {
            return;
        }
        if (isDevice(from.storage())
                && from.storage().backend() != backend
                && from.storage().backend() instanceof CudaBackend other) {
            copyFromPeer(to, from, other);
            return;
        }
        boolean toDevice = isOwn(to.storage());
        boolean fromDevice = isOwn(from.storage());
        if (!toDevice && !fromDevice) {
            throw new IllegalArgumentException("copy: neither span is memory of " + backend.device());
        }
        if (!fromDevice) {
            refuseInCapture("copies " + to.bytes() + " bytes from the host");
            submit(
                    "cuMemcpyHtoDAsync",
                    s -> cuMemcpyHtoDAsync(DevicePointer.of(to), HostPointer.of(from), to.bytes(), s));
        } else if (!toDevice) {
            refuseInCapture("copies " + to.bytes() + " bytes to the host");
            submit(
                    "cuMemcpyDtoHAsync",
                    s -> cuMemcpyDtoHAsync(HostPointer.of(to), DevicePointer.of(from), to.bytes(), s));
        } else {
            submit(
                    "cuMemcpyDtoDAsync",
                    s -> cuMemcpyDtoDAsync(DevicePointer.of(to), DevicePointer.of(from), to.bytes(), s));
        }
        used(to.storage());
        used(from.storage());
    }

    /** Directly where the hardware lets devices see each other; otherwise the driver goes through the host. */
    private void copyFromPeer(Span to, Span from, CudaBackend other) {
        if (!isOwn(to.storage())) {
            throw new IllegalArgumentException("copy: neither span is memory of " + backend.device());
        }
        refuseInCapture("copies from " + other.device());
        await(Context.current().queue(other).record());
        submit(
                "cuMemcpyPeerAsync",
                s -> cuMemcpyPeerAsync(
                        DevicePointer.of(to),
                        device.context(),
                        DevicePointer.of(from),
                        other.cudaDevice().context(),
                        to.bytes(),
                        s));
        used(to.storage());
        from.storage().usedOn(this);
    }

    private static boolean isDevice(Storage storage) {
        return storage.address() < 0;
    }

    private boolean isOwn(Storage storage) {
        if (!isDevice(storage)) {
            return false;
        }
        if (storage.backend() != backend) {
            throw new IllegalArgumentException(
                    "copy: memory of " + storage.backend().device() + " cannot be seen from " + backend.device()
                            + "; move the array with to(device)");
        }
        return true;
    }

    @Override
    public void fill(Span to, byte value) {
        if (to.bytes() == 0) {
            return;
        }
        submit("cuMemsetD8Async", s -> cuMemsetD8Async(DevicePointer.of(to), value, to.bytes(), s));
        used(to.storage());
    }

    /** Holds memory of the same device until the work given last has ended, or as long as it is captured. */
    void used(Storage storage) {
        if (storage.backend() != backend) {
            return;
        }
        synchronized (this) {
            if (isCapturing()) {
                capture.hold(storage);
                return;
            }
        }
        storage.usedOn(this);
    }

    @Override
    public synchronized Event record() {
        if (closed) {
            return Event.DONE;
        }
        if (last == null || last.number() != commands) {
            last = new Mark(this, commands);
        }
        return last;
    }

    /** The same, with CUDA's event recorded: who asks for it waits for no lock of the queue's. */
    Event recordNow() {
        Event event = record();
        if (event instanceof Mark mark) {
            mark.event(); // takes the queue's lock after its own
        }
        return event;
    }

    @Override
    public void await(Event event) {
        if (event instanceof Mark mark && !isClosed()) {
            CUevent of = mark.queue() == this ? null : mark.event();
            if (of != null) {
                waitFor(of);
            }
        } else if (event != Event.DONE) {
            event.synchronize(PATIENCE);
        }
    }

    /** The stream itself waits, for captured work too: the event comes before all of its replays. */
    private synchronized void waitFor(CUevent event) {
        begin("cuStreamWaitEvent");
        check(cuStreamWaitEvent(stream, event, 0), "cuStreamWaitEvent");
        end("cuStreamWaitEvent");
    }

    @Override
    public void synchronize(Duration deadline) {
        refuseInCapture("waits for the device");
        long given = checks.fetch();
        backend.kernels().counters().countWait();
        record().synchronize(deadline);
        checks.verify(given);
    }

    @Override
    public ValueChecks checks() {
        return checks;
    }

    @Override
    public ValueChecks.Captured capturedChecks() {
        return isCapturing() ? capture.checks() : null;
    }

    /** Tells what kernels have found wrong once the queue is given up. */
    @Override
    public void close() {
        try {
            synchronize(PATIENCE);
            record().synchronize(
                            PATIENCE); // others may have given work since, and memory of a closed queue is everybody's
        } finally {
            checks.close();
            release();
        }
    }

    private synchronized void release() {
        if (closed) {
            return;
        }
        closed = true;
        arguments.close();
        if (device.hasFailed()) {
            return; // the driver has given up the stream and what the libraries had in it
        }
        device.makeCurrent();
        if (products != null) {
            products.close();
        }
        if (cudnn != null) {
            cudnn.close();
        }
        check(cuStreamDestroy(stream), "cuStreamDestroy");
    }

    @Override
    public synchronized boolean isClosed() {
        return closed;
    }

    /**
     * Records an event behind everything given so far; null when the queue is closed, as all its work has ended then.
     */
    synchronized CUevent mark(Object owner) {
        if (closed) {
            return null;
        }
        device.makeCurrent();
        CUevent event = backend.events().take(owner);
        check(cuEventRecord(event, stream), "cuEventRecord");
        return event;
    }

    CudaDevice device() {
        return device;
    }

    String name() {
        return name;
    }

    @Override
    public String toString() {
        return backend.device() + ": queue " + name;
    }
}
