package io.kiln.benchmarks.kiln;

import static org.bytedeco.dnnl.global.dnnl.dnnl_set_verbose;

import io.kiln.backend.Allocator;
import io.kiln.backend.Backends;
import io.kiln.benchmarks.Insight;
import io.kiln.cpu.natives.Natives;
import io.kiln.observe.Observation;
import io.kiln.view.Profiler;
import java.util.OptionalLong;

/** Looks into the steps of a network of Kiln's. */
final class Looking {

    private static final int SILENT = 0;
    private static final int EXECUTIONS = 1;

    private Looking() {}

    /**
     * Takes two steps, one whose operations are counted and one whose memory is.
     *
     * @param step one step
     * @param planned bytes of a compiled program's arena; empty for a network that runs operator by operator, whose memory is then
     *     what the allocator has given out in a step
     */
    static Insight into(Runnable step, OptionalLong planned) {
        double peak = Profiler.measurePeak();
        Profiler profiler = new Profiler();
        try (Observation counting = Observation.open(profiler)) {
            step.run();
        }
        long flops =
                profiler.byOperator().stream().mapToLong(Profiler.Row::flops).sum();
        Allocator allocator = Backends.current().allocator();
        long before = allocator.liveBytes();
        allocator.resetPeak();
        step.run();
        long internal = planned.orElse(allocator.peakBytes() - before);
        return new Insight(flops * 1e-9, peak * 1e-9, internal / (double) (1 << 20));
    }

    /** Lets oneDNN print what each call takes, or not; false without oneDNN. */
    static boolean profile(boolean on) {
        if (!Natives.get().isAvailable()) {
            return false;
        }
        dnnl_set_verbose(on ? EXECUTIONS : SILENT);
        return true;
    }
}
