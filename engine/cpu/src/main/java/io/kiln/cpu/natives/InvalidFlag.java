package io.kiln.cpu.natives;

import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * The processor's invalid-operation flag (IEEE 754-2019, 7.2). Each thread has its own; instructions raise it, and only
 * {@link #lower} clears it. Maxima, minima and ordered comparisons raise it if an operand is NaN, as does every
 * operation that makes a NaN from numbers, such as ∞ - ∞ and 0 · ∞. Sums and products that propagate a NaN do not.
 *
 * <p>Native code that replaces a NaN with a number therefore leaves a trace, at no cost to the loops that compute.
 *
 * <p>Concurrency: thread-safe; each call affects the calling thread, or its team of OpenMP threads.
 */
public final class InvalidFlag {
    /** FE_INVALID of the C library, on x86-64 and on AArch64. */
    private static final int INVALID = 1;

    private final OpenMp openMp;
    private final Function clear;

    private InvalidFlag(OpenMp openMp, Function clear) {
        this.openMp = openMp;
        this.clear = clear;
    }

    /** Finds the functions of the C library to which a loaded library is linked. */
    static InvalidFlag bind(String library, OpenMp openMp) {
        NativeLibrary linked = NativeLibrary.getInstance(library);
        Native.register(Api.class, linked);
        return new InvalidFlag(openMp, linked.getFunction("feclearexcept"));
    }

    /**
     * Whether the calling thread has executed an invalid operation since the flag was last cleared.
     *
     * @return true if so
     */
    public boolean isRaised() {
        return Api.fetestexcept(INVALID) != 0;
    }

    /**
     * Clears the flag on a team of OpenMP threads.
     *
     * @param threads size of the team, including the calling thread
     */
    public void lower(int threads) {
        if (threads == 1) {
            Api.feclearexcept(INVALID);
        } else {
            openMp.run(clear, new Pointer(INVALID), threads);
        }
    }

    /** Functions of the C library's fenv.h. */
    private static final class Api {
        static native int fetestexcept(int flags);

        static native int feclearexcept(int flags);

        private Api() {}
    }
}
