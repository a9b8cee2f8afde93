package io.kiln.fake;

import io.kiln.backend.Backend;
import io.kiln.backend.BackendProvider;
import java.util.Optional;

/** Offers {@code fake(0)} and {@code fake(1)}. */
public final class FakeBackendProvider implements BackendProvider {
    private static final int DEVICES = 2;

    /** Made by the service loader. */
    public FakeBackendProvider() {}

    @Override
    public String type() {
        return FakeBackend.TYPE;
    }

    @Override
    public Optional<Backend> open(int index) {
        return index < DEVICES ? Optional.of(new FakeBackend(index)) : Optional.empty();
    }

    @Override
    public String unavailableReason() {
        return "there are " + DEVICES + " fake devices";
    }
}
