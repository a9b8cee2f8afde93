package io.kiln.backend;

import java.util.List;
import java.util.Optional;

/**
 * Provides backends to {@link Backends}; named in {@code META-INF/services/io.kiln.backend.BackendProvider}. A provider
 * whose driver or library is missing reports why and provides nothing.
 */
public interface BackendProvider {
    /**
     * The type of device that it provides.
     *
     * @return the {@linkplain Device#type type}
     */
    String type();

    /**
     * Opens a device.
     *
     * @param index index of the device among those of its type
     * @return the backend, or empty if this machine has no such device
     */
    Optional<Backend> open(int index);

    /**
     * Why the last {@link #open} returned nothing, with the remedy.
     *
     * @return the reason, empty if there is none
     */
    String unavailableReason();

    /**
     * Looks for the devices of this type and for the drivers and libraries that they need. Nothing is opened that would
     * take memory of a device, and nothing that is missing is an error.
     *
     * @return what was found and what is missing
     */
    default Survey survey() {
        return new Survey(type(), List.of(), List.of());
    }
}
