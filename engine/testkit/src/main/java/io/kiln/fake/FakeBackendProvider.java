package io.kiln.fake;

import io.kiln.backend.Backend;
import io.kiln.backend.BackendProvider;
import io.kiln.backend.Device;
import io.kiln.backend.Survey;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

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

    /** Two GPUs, which also have UUIDs. */
    @Override
    public Survey survey() {
        return new Survey(
                type(),
                IntStream.range(0, DEVICES)
                        .mapToObj(i -> new Survey.Found(
                                new Device(type(), i),
                                Survey.Kind.GPU,
                                "fake device",
                                FakeBackend.BUDGET,
                                "",
                                List.of("FAKE-" + (char) ('a' + i)),
                                ""))
                        .toList(),
                List.of(Survey.Component.found("fake driver", "1", "the class path")));
    }
}
