package io.kiln.cuda;

import static jcuda.jcudnn.JCudnn.cudnnFindConvolutionBackwardDataAlgorithmEx;
import static jcuda.jcudnn.JCudnn.cudnnFindConvolutionBackwardFilterAlgorithmEx;
import static jcuda.jcudnn.JCudnn.cudnnFindConvolutionForwardAlgorithmEx;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionBackwardDataWorkspaceSize;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionBackwardFilterWorkspaceSize;
import static jcuda.jcudnn.JCudnn.cudnnGetConvolutionForwardWorkspaceSize;

import io.kiln.backend.NotCapturableException;
import io.kiln.backend.OutOfDeviceMemoryException;
import io.kiln.backend.Storage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionBwdFilterAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionFwdAlgoPerf;
import jcuda.jcudnn.cudnnDeterminism;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnStatus;
import org.slf4j.LoggerFactory;

/**
 * Which of cuDNN's algorithms computes which convolution on one device: the quickest when each was run once, of those
 * whose workspace is within bounds and which give the same bits each time. What was chosen is kept as long as the
 * process lasts.
 *
 * <p>Concurrency: thread-safe.
 */
final class ConvolutionChoices {
    /** The most workspace that an algorithm may take, in MiB. */
    static final String WORKSPACE_PROPERTY = "kiln.cuda.workspaceMiB";

    /** Whether algorithms whose sums depend on chance are left out. */
    static final String DETERMINISTIC_PROPERTY = "kiln.cuda.deterministic";

    private static final int ALGORITHMS = 16;
    private static final long DEFAULT_WORKSPACE_MIB = 256;
    private static final long LEAST_WORKSPACE = 1L << 20;

    private final CudaBackend backend;
    private final Map<ConvolutionProblem, Optional<Choice>> chosen = new ConcurrentHashMap<>();
    private final Set<ConvolutionProblem> told = ConcurrentHashMap.newKeySet();

    ConvolutionChoices(CudaBackend backend) {
        this.backend = backend;
    }

    /** Whether results have to be the same each time. */
    static boolean isDeterministic() {
        return !"false".equals(System.getProperty(DETERMINISTIC_PROPERTY));
    }

    /**
     * An algorithm.
     *
     * @param algorithm cuDNN's number
     * @param workspace bytes that it needs
     */
    record Choice(int algorithm, long workspace) {}

    /** What cuDNN says of an algorithm that it ran, with the workspace that its descriptor asks for. */
    record Measured(int algorithm, int status, float time, long memory, int determinism) {}

    /**
     * The algorithm for a problem; when it is new, all are run and the result's memory is overwritten. Null where cuDNN has none for channels
     * last: the problem is then one of row-major arrays.
     */
    Choice of(Convolutions.Call call, DenseArrays arrays, CudaQueue queue) {
        Optional<Choice> known = chosen.get(call.problem());
        if (known == null) {
            if (queue.isCapturing()) {
                throw new NotCapturableException("cuDNN's algorithm for " + call.problem() + " is yet to be measured");
            }
            Outcome found = measure(call, arrays);
            known = found.choice;
            if (found.lasts) {
                chosen.put(call.problem(), known);
            }
            if (known.isEmpty() && told.add(call.problem())) {
                LoggerFactory.getLogger(ConvolutionChoices.class)
                        .info(
                                "{}: cuDNN has no algorithm with channels last for {}{}; row-major copies take its place",
                                backend.device(),
                                call.problem(),
                                found.lasts ? "" : " in the memory that is free now");
            }
        }
        return known.orElse(null);
    }

    /** Whether it is known that cuDNN has no algorithm for a problem with channels last. */
    boolean lack(ConvolutionProblem problem) {
        Optional<Choice> known = chosen.get(problem);
        return known != null && known.isEmpty();
    }

    /**
     * What was measured.
     *
     * @param choice the quickest; empty if there is none with channels last
     * @param lasts whether it would be the same with more memory
     */
    private record Outcome(Optional<Choice> choice, boolean lasts) {}

    private Outcome measure(Convolutions.Call call, DenseArrays arrays) {
        long most = Long.getLong(WORKSPACE_PROPERTY, DEFAULT_WORKSPACE_MIB) << 20;
        Storage workspace = largest(most);
        long bytes = workspace.bytes();
        try {
            List<Measured> all = new ArrayList<>();
            arrays.submit(backend, cudnn -> all.addAll(cudnn.convolutions().measure(call, workspace)));
            boolean deterministic = isDeterministic();
            Optional<Choice> quickest = all.stream()
                    .filter(m -> m.status == cudnnStatus.CUDNN_STATUS_SUCCESS && m.memory <= most)
                    .filter(m -> !deterministic || m.determinism == cudnnDeterminism.CUDNN_DETERMINISTIC)
                    .min(Comparator.comparingDouble(Measured::time))
                    .map(m -> new Choice(m.algorithm, m.memory));
            if (quickest.isEmpty() && !call.problem().channelsLast()) {
                throw new IllegalStateException(backend.device() + ": cuDNN has no "
                        + (deterministic ? "deterministic " : "") + "algorithm with " + (bytes >> 20)
                        + " MiB of workspace for " + call.problem() + "; raise -D" + WORKSPACE_PROPERTY
                        + " or set -D" + DETERMINISTIC_PROPERTY + "=false. It found " + all);
            }
            // An empty list is cuDNN's refusal, which says nothing of memory.
            boolean lasts = quickest.isPresent() || all.isEmpty() || bytes >= most;
            return new Outcome(quickest, lasts);
        } finally {
            // Find returns when all that it ran has ended.
            workspace.release();
        }
    }

    /** As much of the workspace as there is memory for. */
    private Storage largest(long most) {
        for (long bytes = Math.max(LEAST_WORKSPACE, most); ; bytes /= 2) {
            try {
                return backend.allocator().allocate(backend, bytes);
            } catch (OutOfDeviceMemoryException e) {
                if (bytes / 2 < LEAST_WORKSPACE) {
                    throw e;
                }
            }
        }
    }

    /** Runs all algorithms, within a workspace. */
    static List<Measured> measure(
            ConvolutionProblem problem,
            cudnnHandle handle,
            ConvolutionDescriptors d,
            DevicePointer x,
            DevicePointer w,
            DevicePointer y,
            DevicePointer workspace,
            long bytes) {
        int[] got = new int[1];
        int status;
        IntFunction<Measured> read;
        switch (problem.direction()) {
            case FORWARD -> {
                cudnnConvolutionFwdAlgoPerf[] p = new cudnnConvolutionFwdAlgoPerf[ALGORITHMS];
                Arrays.setAll(p, i -> new cudnnConvolutionFwdAlgoPerf());
                status = cudnnFindConvolutionForwardAlgorithmEx(
                        handle, d.x(), x, d.w(), w, d.convolution(), d.y(), y, p.length, got, p, workspace, bytes);
                read = i -> new Measured(p[i].algo, p[i].status, p[i].time, p[i].memory, p[i].determinism);
            }
            case DATA -> {
                cudnnConvolutionBwdDataAlgoPerf[] p = new cudnnConvolutionBwdDataAlgoPerf[ALGORITHMS];
                Arrays.setAll(p, i -> new cudnnConvolutionBwdDataAlgoPerf());
                status = cudnnFindConvolutionBackwardDataAlgorithmEx(
                        handle, d.w(), w, d.y(), y, d.convolution(), d.x(), x, p.length, got, p, workspace, bytes);
                read = i -> new Measured(p[i].algo, p[i].status, p[i].time, p[i].memory, p[i].determinism);
            }
            default -> {
                cudnnConvolutionBwdFilterAlgoPerf[] p = new cudnnConvolutionBwdFilterAlgoPerf[ALGORITHMS];
                Arrays.setAll(p, i -> new cudnnConvolutionBwdFilterAlgoPerf());
                status = cudnnFindConvolutionBackwardFilterAlgorithmEx(
                        handle, d.x(), x, d.y(), y, d.convolution(), d.w(), w, p.length, got, p, workspace, bytes);
                read = i -> new Measured(p[i].algo, p[i].status, p[i].time, p[i].memory, p[i].determinism);
            }
        }
        try {
            Status.checkCudnn(status, "cudnnFind of " + problem);
        } catch (Status.CudnnRefusal e) {
            if (problem.channelsLast()) {
                return List.of();
            }
            throw e;
        }
        List<Measured> all = new ArrayList<>();
        for (int i = 0; i < got[0]; i++) {
            all.add(asDescribed(read.apply(i), problem, handle, d));
        }
        return all;
    }

    /**
     * cuDNN runs an algorithm with tensor cores and without, which may differ in workspace, and says which was which, but JCuda 12.6 does not
     * hand that on. An algorithm is therefore used as the descriptor permits, tensor cores for 16 bits, with the workspace for that.
     */
    private static Measured asDescribed(
            Measured m, ConvolutionProblem problem, cudnnHandle handle, ConvolutionDescriptors d) {
        if (m.status != cudnnStatus.CUDNN_STATUS_SUCCESS) {
            return m;
        }
        long[] bytes = new long[1];
        int status =
                switch (problem.direction()) {
                    case FORWARD ->
                        cudnnGetConvolutionForwardWorkspaceSize(
                                handle, d.x(), d.w(), d.convolution(), d.y(), m.algorithm, bytes);
                    case DATA ->
                        cudnnGetConvolutionBackwardDataWorkspaceSize(
                                handle, d.w(), d.y(), d.convolution(), d.x(), m.algorithm, bytes);
                    case WEIGHTS ->
                        cudnnGetConvolutionBackwardFilterWorkspaceSize(
                                handle, d.x(), d.y(), d.convolution(), d.w(), m.algorithm, bytes);
                };
        return new Measured(m.algorithm, status, m.time, Math.max(m.memory, bytes[0]), m.determinism);
    }
}
