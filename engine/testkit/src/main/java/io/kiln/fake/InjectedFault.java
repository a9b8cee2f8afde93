package io.kiln.fake;

import io.kiln.backend.Backend;

/** Work that failed because a test wanted it to. */
final class InjectedFault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private InjectedFault(String message) {
        super(message);
    }

    static void throwIf(boolean fails, Backend backend, String work) {
        if (fails) {
            throw new InjectedFault(backend.device() + ": " + work + " failed, as a test has asked for");
        }
    }
}
