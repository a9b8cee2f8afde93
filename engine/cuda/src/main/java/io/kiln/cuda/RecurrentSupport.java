package io.kiln.cuda;

import io.kiln.backend.Context;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnDataType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which recurrent layers cuDNN computes on one device. What it does not support is told once for each formula and type,
 * and composed of other operators; any other error is thrown, and nothing is known by it.
 *
 * <p>Concurrency: thread-safe.
 */
final class RecurrentSupport {
    /** The first version of cuDNN whose recurrent layers take bfloat16. */
    private static final long VERSION_WITH_BFLOAT16 = 91_300;

    private static final int AMPERE = 80;
    private static final int MOST_PROBLEMS = 4096;
    private static final Logger LOG = LoggerFactory.getLogger(RecurrentSupport.class);

    private final CudaBackend backend;
    private final Map<RecurrentProblem, Optional<RecurrentSizes>> known = new ConcurrentHashMap<>();
    private final Set<List<Integer>> told = ConcurrentHashMap.newKeySet();

    RecurrentSupport(CudaBackend backend) {
        this.backend = backend;
    }

    /** The memory that a layer takes; empty if cuDNN does not compute it. */
    Optional<RecurrentSizes> of(RecurrentProblem problem) {
        Optional<RecurrentSizes> sizes = known.get(problem);
        if (sizes == null) {
            if (known.size() >= MOST_PROBLEMS) {
                known.clear();
            }
            sizes = ask(problem);
            known.put(problem, sizes);
        }
        return sizes;
    }

    private Optional<RecurrentSizes> ask(RecurrentProblem problem) {
        if (problem.type() == cudnnDataType.CUDNN_DATA_BFLOAT16
                && (JCudnn.cudnnGetVersion() < VERSION_WITH_BFLOAT16
                        || backend.cudaDevice().capability() < AMPERE)) {
            tell(problem, "bfloat16 takes cuDNN 9.13 and a device of compute capability 8.0");
            return Optional.empty();
        }
        CudaQueue queue = (CudaQueue) Context.current().queue(backend);
        return queue.ask(cudnn -> {
            try {
                return Optional.of(cudnn.recurrences().sizes(problem));
            } catch (Status.CudnnRefusal e) {
                tell(problem, e.getMessage());
                return Optional.empty();
            }
        });
    }

    private void tell(RecurrentProblem problem, String why) {
        if (told.add(List.of(problem.mode(), problem.type()))) {
            LOG.warn("{}: a recurrent layer runs without cuDNN, slowly: {}", backend.device(), why);
        }
    }
}
