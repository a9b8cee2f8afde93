package io.kiln.cpu.natives;

import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * The processor's flag of invalid operations (IEEE 754-2019, 7.2). Each thread has its own; instructions raise it and nothing but
 * {@link #lower} takes it down. Maxima, minima and ordered comparisons raise it when an operand is NaN, and so does every
 * operation that makes a NaN of numbers, as ∞ - ∞ and 0 · ∞ do. Sums and products that hand a NaN on do not.
 *
 * <p>Native code that replaces a NaN by a number therefore leaves a trace, at no cost to the loops that compute.
 *
 * <p>Concurrency: thread-safe; each call concerns the calling thread, or its team of OpenMP threads.
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

    /** Finds the functions of the C library that a loaded library is linked with. */
    static InvalidFlag bind(String library, OpenMp openMp) {
        NativeLibrary linked = NativeLibrary.getInstance(library);
        Native.register(Api.class, linked);
        return new InvalidFlag(openMp, linked.getFunction("feclearexcept"));
    }

    /**
     * Whether the calling thread has carried out an invalid operation since the flag was last lowered.
     *
     * @return true if so
     */
    public boolean isRaised() {
        return Api.fetestexcept(INVALID) != 0;
    }

    /**
     * Lowers the flag on a team of OpenMP threads.
     *
     * @param threads size of the team, the calling thread included
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
