package io.kiln.compile;

import io.kiln.backend.Backend;

/** A backend that contributes to compiling; for all others, graphs are compiled with {@link Target#PLAIN}. */
public interface CompilingBackend extends Backend {
    /**
     * Returns the device's contribution to compiling.
     *
     * @return the target
     */
    Target target();
}
