package io.kiln.compile;

import io.kiln.backend.Backend;

/** A backend with a part of its own in the compiler; for any other, graphs are compiled by {@link Target#PLAIN}. */
public interface CompilingBackend extends Backend {
    /**
     * The device's part of the compiler.
     *
     * @return what it contributes to compiling
     */
    Target target();
}
