package io.kiln.cuda;

import static jcuda.driver.JCudaDriver.cuGraphAddChildGraphNode;
import static jcuda.driver.JCudaDriver.cuGraphAddKernelNode;
import static jcuda.driver.JCudaDriver.cuGraphCreate;
import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;

import io.kiln.backend.DeviceFailedException;
import io.kiln.backend.NotCapturableException;
import io.kiln.backend.Storage;
import io.kiln.kernels.Changing;
import io.kiln.kernels.ValueChecks;
import io.kiln.op.random.RandomGenerator;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import jcuda.driver.CUDA_KERNEL_NODE_PARAMS;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphNode;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;

/**
 * A graph in the making, one node after the other. Launches of Kiln's kernels are nodes that it adds itself, so that
 * their arguments can be changed later; what libraries and copies give to the stream is captured call by call. Between
 * these calls the stream is an ordinary one: allocating, waiting for other queues and building kernels remain possible.
 *
 * <p>Concurrency: belongs to its queue, under whose lock it is used; {@link #abandon} is called outside.
 */
final class Capture {
    private final CudaDevice device;
    private final CUstream stream;
    private final ValueChecks.Captured checks;
    private final PartedRecording parts;
    private final Thread owner = Thread.currentThread();
    private final RandomGenerator.State before = RandomGenerator.state();
    private final CUgraph graph = new CUgraph();
    private final Set<Storage> memory = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Object> held = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<ChangingLaunch> changing = new ArrayList<>();
    private CUgraphNode[] last = {};
    private long drawn;
    private int kernels;
    private int calls;
    private boolean finished;

    /** Begins a graph that comes after others of the same work. */
    Capture(CudaDevice device, CUstream stream, ValueChecks.Captured checks, PartedRecording parts) {
        this.parts = parts;
        this.device = device;
        this.stream = stream;
        this.checks = checks;
        check(device, cuGraphCreate(graph, 0), "cuGraphCreate");
    }

    /**
     * Checks a call for a graph: as the work has not run, it can be given call by call.
     *
     * @throws NotCapturableException if the device goes on and has memory
     */
    static void check(CudaDevice device, int status, String call) {
        try {
            device.check(status, call);
        } catch (DeviceFailedException e) {
            throw e;
        } catch (IllegalStateException e) {
            throw new NotCapturableException(e.getMessage(), e);
        }
    }

    boolean isOf(Thread thread) {
        return thread == owner;
    }

    /** The work before it. */
    PartedRecording parts() {
        return parts;
    }

    /** Whether nothing was given to it yet. */
    boolean isEmpty() {
        return kernels == 0 && calls == 0;
    }

    /** What its kernels check. */
    ValueChecks.Captured checks() {
        return checks;
    }

    /** Adds a launch, whose arguments have been written last. */
    void launch(CudaKernel kernel, long[] global, long[] local, Arguments written, Object... arguments) {
        CUDA_KERNEL_NODE_PARAMS launch = new CUDA_KERNEL_NODE_PARAMS();
        launch.func = kernel.function();
        launch.gridDimX = kernel.blocks(global, local, 0);
        launch.gridDimY = kernel.blocks(global, local, 1);
        launch.gridDimZ = kernel.blocks(global, local, 2);
        launch.blockDimX = CudaKernel.threads(local, 0);
        launch.blockDimY = CudaKernel.threads(local, 1);
        launch.blockDimZ = CudaKernel.threads(local, 2);
        Arguments.Kept kept = written.keep();
        launch.kernelParams = kept.pointer();
        CUgraphNode node = new CUgraphNode();
        int status = cuGraphAddKernelNode(node, graph, last, last.length, launch);
        boolean changes = false;
        held.add(kernel);
        for (Object argument : arguments) {
            changes |= argument instanceof Changing;
            if (argument instanceof Constants) {
                held.add(argument);
            }
        }
        if (changes && status == CUresult.CUDA_SUCCESS) {
            changing.add(new ChangingLaunch(kernel.name(), node, launch, kept, arguments));
        } else {
            kept.close();
        }
        check(device, status, "cuGraphAddKernelNode of kernel " + kernel.name());
        last = new CUgraphNode[] {node};
        kernels++;
    }

    /**
     * Adds what calls give to the stream.
     *
     * @throws NotCapturableException if they fail, but not for want of memory, and the device goes on
     */
    void add(String what, Runnable work) {
        check(
                device,
                cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
                "cuStreamBeginCapture");
        RuntimeException failed = null;
        try {
            work.run();
        } catch (RuntimeException e) {
            failed = e;
        }
        CUgraph part = new CUgraph();
        int status = cuStreamEndCapture(stream, part);
        if (failed instanceof DeviceFailedException) {
            throw failed;
        }
        if (status != CUresult.CUDA_SUCCESS) {
            if (Status.isSticky(status)) {
                device.check(status, "cuStreamEndCapture");
            }
            throw refusal(what, failed == null ? CUresult.stringFor(status) : failed.getMessage(), failed);
        }
        try {
            if (failed instanceof IllegalStateException) {
                throw refusal(what, failed.getMessage(), failed);
            } else if (failed != null) {
                throw failed;
            }
            CUgraphNode node = new CUgraphNode();
            check(device, cuGraphAddChildGraphNode(node, graph, last, last.length, part), "cuGraphAddChildGraphNode");
            last = new CUgraphNode[] {node};
            calls++;
        } finally {
            device.check(cuGraphDestroy(part), "cuGraphDestroy");
        }
    }

    private static NotCapturableException refusal(String what, String why, RuntimeException cause) {
        return new NotCapturableException(what + " cannot be captured: " + why, cause);
    }

    /** Keeps memory that the graph uses. */
    void hold(Storage storage) {
        if (memory.add(storage)) {
            storage.retain();
        }
    }

    /** The draws of the calling thread's generator that kernels have taken as arguments. */
    void countDraws(long draws) {
        drawn += draws;
    }

    /**
     * Makes the graph ready to be launched.
     *
     * @throws NotCapturableException if Java has drawn random numbers, which would be the same in each replay
     */
    CudaRecording finish(CudaQueue queue) {
        RandomGenerator.State now = RandomGenerator.state();
        if (now.seed() != before.seed() || now.draws() - before.draws() != drawn) {
            throw new NotCapturableException("random numbers that are drawn in Java, not by a kernel");
        }
        CudaRecording done = new CudaRecording(queue, device, graph, changing, memory, held, checks, kernels, calls);
        finished = true;
        return done;
    }

    /** Drops the graph, unless it is finished, once the queue does not use it any more. */
    void abandon() {
        if (finished) {
            return;
        }
        changing.forEach(ChangingLaunch::close);
        memory.forEach(Storage::release);
        checks.close();
        if (!device.hasFailed()) {
            device.makeCurrent();
            device.check(cuGraphDestroy(graph), "cuGraphDestroy");
        }
    }
}
