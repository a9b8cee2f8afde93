package io.kiln.cpu;

import io.kiln.backend.Backend;
import io.kiln.backend.BackendProvider;
import io.kiln.backend.Device;
import io.kiln.backend.Survey;
import io.kiln.cpu.natives.Natives;
import io.kiln.cpu.onednn.InstructionSet;
import java.util.List;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.global.dnnl;

/** Provides the CPU as device {@code cpu(0)}. */
public final class CpuBackendProvider implements BackendProvider {
    /** Called by the service loader. */
    public CpuBackendProvider() {}

    @Override
    public String type() {
        return Device.cpu().type();
    }

    @Override
    public Optional<Backend> open(int index) {
        return index == 0 ? Optional.of(new CpuBackend()) : Optional.empty();
    }

    @Override
    public String unavailableReason() {
        return "the processor is one device, cpu(0), whatever its cores";
    }

    @Override
    public Survey survey() {
        Natives natives = Natives.get();
        Survey.Component oneDnn = natives.isAvailable()
                ? Survey.Component.found("oneDNN", oneDnnVersion(), natives.library())
                : Survey.Component.missing("oneDNN", "the class path", natives.reason());
        String set = InstructionSet.effective();
        return new Survey(
                type(),
                List.of(new Survey.Found(
                        Device.cpu(),
                        Survey.Kind.CPU,
                        InstructionSet.processor(),
                        MemoryBudget.total(),
                        Runtime.getRuntime().availableProcessors() + " hardware threads, "
                                + (set.isEmpty() ? "plain Java kernels" : set),
                        List.of(),
                        "")),
                List.of(oneDnn));
    }

    private static String oneDnnVersion() {
        dnnl_version_t version = dnnl.dnnl_version();
        return version.major() + "." + version.minor() + "." + version.patch();
    }
}
