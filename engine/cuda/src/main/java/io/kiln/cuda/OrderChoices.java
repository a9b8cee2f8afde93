package io.kiln.cuda;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/**
 * What takes the place of the problems that cuDNN refuses on one device, such as those of arrays with their channels last: cuDNN's reference
 * does not say which of them an operator takes. What was refused is kept as long as the process lasts.
 *
 * <p>Concurrency: thread-safe.
 */
final class OrderChoices {
    private final CudaBackend backend;
    private final Set<Problem<?>> refused = ConcurrentHashMap.newKeySet();

    OrderChoices(CudaBackend backend) {
        this.backend = backend;
    }

    /**
     * What cuDNN is asked for.
     *
     * @param <P> its type
     */
    interface Problem<P extends Problem<P>> {
        /** The problem of the same numbers that is asked for where cuDNN refuses this one; null if there is none. */
        P instead();
    }

    /**
     * Gives cuDNN a problem, or the first one in its place that cuDNN does not refuse.
     *
     * @param problem what is asked for first
     * @param work gives a problem to cuDNN; it has done nothing where cuDNN refuses
     * @throws Status.CudnnRefusal if cuDNN refuses the last one too
     */
    <P extends Problem<P>> void run(P problem, Consumer<P> work) {
        P tried = problem;
        while (true) {
            P instead = tried.instead();
            if (instead == null) {
                work.accept(tried);
                return;
            }
            if (!refused.contains(tried)) {
                try {
                    work.accept(tried);
                    return;
                } catch (Status.CudnnRefusal e) {
                    tell(tried, instead, e);
                }
            }
            tried = instead;
        }
    }

    private void tell(Problem<?> problem, Problem<?> instead, Status.CudnnRefusal why) {
        if (refused.add(problem)) {
            LoggerFactory.getLogger(OrderChoices.class)
                    .info("{}: {}; {} takes its place", backend.device(), why.getMessage(), instead);
        }
    }
}
