package io.kiln.cuda;

import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;

import io.kiln.backend.Recording;
import io.kiln.backend.Storage;
import io.kiln.kernels.ValueChecks;
import java.util.List;
import java.util.Set;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstream;

/**
 * A CUDA graph and the memory that its nodes use. Before a launch, the nodes whose arguments have changed are updated.
 *
 * <p>Concurrency: thread-safe.
 */
final class CudaRecording implements Recording {
    private final CudaQueue queue;
    private final CudaDevice device;
    private final CUgraph graph;
    private final CUgraphExec executable = new CUgraphExec();
    private final List<ChangingLaunch> changing;
    private final Set<Storage> memory;
    private final Set<Object> held;
    private final ValueChecks.Captured checks;
    private final int kernels;
    private final int calls;
    private boolean closed;

    /** Takes over all of it, once the graph is ready. */
    CudaRecording(
            CudaQueue queue,
            CudaDevice device,
            CUgraph graph,
            List<ChangingLaunch> changing,
            Set<Storage> memory,
            Set<Object> held,
            ValueChecks.Captured checks,
            int kernels,
            int calls) {
        this.queue = queue;
        this.device = device;
        this.graph = graph;
        this.changing = changing;
        this.memory = memory;
        this.held = held;
        this.checks = checks;
        this.kernels = kernels;
        this.calls = calls;
        Capture.check(device, cuGraphInstantiate(executable, graph, 0), "cuGraphInstantiate");
    }

    @Override
    public void replay() {
        queue.replay(this);
    }

    ValueChecks.Captured checks() {
        return checks;
    }

    /** Gives the graph to the stream; under the queue's lock, with the device current. */
    int launch(CUstream stream, Arguments scratch) {
        if (closed) {
            throw new IllegalStateException("replay: the recording of " + this + " is closed");
        }
        for (ChangingLaunch launch : changing) {
            launch.refresh(executable, device, scratch);
        }
        return cuGraphLaunch(executable, stream);
    }

    /** Kernels of Kiln's own in the graph. */
    int kernels() {
        return kernels;
    }

    /** Calls of libraries, copies and fills in the graph. */
    int calls() {
        return calls;
    }

    @Override
    public void close() {
        for (Storage storage : queue.release(this)) {
            storage.usedOn(queue);
            storage.release();
        }
        checks.close();
    }

    /** Frees all but the memory, under the queue's lock; returns the memory, none at a second call. */
    List<Storage> release() {
        if (closed) {
            return List.of();
        }
        closed = true;
        changing.forEach(ChangingLaunch::close);
        held.clear();
        List<Storage> used = List.copyOf(memory);
        memory.clear();
        if (!device.hasFailed()) {
            device.makeCurrent();
            device.check(cuGraphExecDestroy(executable), "cuGraphExecDestroy");
            device.check(cuGraphDestroy(graph), "cuGraphDestroy");
        }
        return used;
    }

    @Override
    public String toString() {
        return "a graph of " + kernels + " kernels and " + calls + " calls of libraries, copies and fills";
    }
}
