package io.kiln.cuda;

import static jcuda.jcudnn.JCudnn.cudnnConvolutionBackwardData;
import static jcuda.jcudnn.JCudnn.cudnnConvolutionBackwardFilter;
import static jcuda.jcudnn.JCudnn.cudnnConvolutionForward;

import io.kiln.backend.Context;
import io.kiln.backend.Storage;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import jcuda.Pointer;
import jcuda.jcudnn.cudnnHandle;

/**
 * Convolutions of one queue, with a workspace of its own that grows with what the chosen algorithms need. Belongs to the
 * queue, under whose lock it is used.
 */
final class Convolutions {
    private final CudaQueue queue;
    private final Cudnn cudnn;
    private final DescriptorCache<ConvolutionProblem, ConvolutionDescriptors> descriptors =
            new DescriptorCache<>(ConvolutionDescriptors::new);
    private Storage workspace;
    private long workspaceBytes;

    Convolutions(CudaQueue queue, Cudnn cudnn) {
        this.queue = queue;
        this.cudnn = cudnn;
    }

    /**
     * A convolution or a gradient of it, between arrays without gaps, in the order of the problem.
     *
     * @param problem what is computed
     * @param x address of the data, or of their gradient
     * @param w address of the weights, or of their gradient
     * @param y address of the result, or of its gradient
     */
    record Call(ConvolutionProblem problem, long x, long w, long y) {}

    /**
     * Gives a convolution to the calling thread's queue, outside of whose lock memory for it is found: that may wait for
     * other queues.
     *
     * @return false if cuDNN has no algorithm for arrays with their channels last; nothing has been done then
     */
    static boolean submit(CudaBackend backend, DenseArrays arrays, Call call) {
        CudaQueue queue = (CudaQueue) Context.current().queue(backend);
        ConvolutionChoices.Choice choice = backend.choices().of(call, arrays, queue);
        if (choice == null) {
            return false;
        }
        AtomicReference<Storage> spare = new AtomicReference<>();
        try {
            if (queue.ask(c -> c.convolutions().workspaceBytes()) < choice.workspace()) {
                spare.set(backend.allocator().allocate(backend, choice.workspace()));
            }
            arrays.submit(backend, c -> c.convolutions().run(call, choice, spare));
            return true;
        } finally {
            if (spare.get() != null) {
                spare.get().release();
            }
        }
    }

    /** Runs all algorithms for a problem; the result's memory is overwritten. */
    List<ConvolutionChoices.Measured> measure(Call call, Storage room) {
        return ConvolutionChoices.measure(
                call.problem,
                cudnn.handle(),
                descriptors.of(call.problem),
                new DevicePointer(call.x),
                new DevicePointer(call.w),
                new DevicePointer(call.y),
                new DevicePointer(DeviceMemory.address(room)),
                room.bytes());
    }

    /**
     * Gives a convolution to the stream.
     *
     * @param spare memory to take where the workspace is too small; holds the former workspace then
     */
    private void run(Call call, ConvolutionChoices.Choice choice, AtomicReference<Storage> spare) {
        ConvolutionProblem problem = call.problem;
        cudnnHandle handle = cudnn.handle();
        ConvolutionDescriptors d = descriptors.of(problem);
        DevicePointer x = new DevicePointer(call.x);
        DevicePointer w = new DevicePointer(call.w);
        DevicePointer y = new DevicePointer(call.y);
        long bytes = choice.workspace();
        if (bytes > workspaceBytes) {
            if (workspace != null) {
                queue.used(workspace);
            }
            workspace = spare.getAndSet(workspace);
            workspaceBytes = bytes;
        }
        DevicePointer at = new DevicePointer(workspace == null ? 0 : DeviceMemory.address(workspace));
        int algorithm = choice.algorithm();
        Pointer alpha = cudnn.one(problem.type());
        Pointer beta = cudnn.zero(problem.type());
        int status =
                switch (problem.direction()) {
                    case FORWARD ->
                        cudnnConvolutionForward(
                                handle,
                                alpha,
                                d.x(),
                                x,
                                d.w(),
                                w,
                                d.convolution(),
                                algorithm,
                                at,
                                bytes,
                                beta,
                                d.y(),
                                y);
                    case DATA ->
                        cudnnConvolutionBackwardData(
                                handle,
                                alpha,
                                d.w(),
                                w,
                                d.y(),
                                y,
                                d.convolution(),
                                algorithm,
                                at,
                                bytes,
                                beta,
                                d.x(),
                                x);
                    case WEIGHTS ->
                        cudnnConvolutionBackwardFilter(
                                handle,
                                alpha,
                                d.x(),
                                x,
                                d.y(),
                                y,
                                d.convolution(),
                                algorithm,
                                at,
                                bytes,
                                beta,
                                d.w(),
                                w);
                };
        Status.checkCudnn(status, problem + " with algorithm " + algorithm);
        if (workspace != null) {
            queue.used(workspace); // a graph that the call is captured for has its address
        }
    }

    /** What all convolutions so far need beside the arrays. */
    long workspaceBytes() {
        return workspaceBytes;
    }

    /** Gives the workspace back, once nothing is given to the stream any more. */
    void releaseWorkspace() {
        if (workspace != null) {
            queue.used(workspace);
            workspace.release();
            workspace = null;
            workspaceBytes = 0;
        }
    }

    void close() {
        descriptors.close();
    }
}
