package io.kiln.backend;

import java.util.Optional;

/**
 * Offers backends to {@link Backends}; named in {@code META-INF/services/io.kiln.backend.BackendProvider}. A provider whose
 * driver or library is absent reports why and offers nothing.
 */
public interface BackendProvider {
    /**
     * The type of device that it serves.
     *
     * @return the {@linkplain Device#type type}
     */
    String type();

    /**
     * Opens a device.
     *
     * @param index which device of the type
     * @return the backend, or empty when this machine has no such device
     */
    Optional<Backend> open(int index);

    /**
     * Why the last {@link #open} gave nothing, with the remedy.
     *
     * @return the reason, empty when there is none
     */
    String unavailableReason();
}
