package io.kiln.cpu;

import io.kiln.backend.Backend;
import io.kiln.backend.BackendProvider;
import io.kiln.backend.Device;
import java.util.Optional;

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
}
