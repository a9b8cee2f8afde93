package io.kiln.cpu.natives;

import com.sun.jna.Callback;
import com.sun.jna.CallbackReference;
import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Function;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * The OpenMP runtime (GNU libgomp) with which the loaded oneDNN library computes. Its functions are looked up through
 * oneDNN's own library handle, so that they belong to the runtime that oneDNN is bound to, even if another library
 * loaded a second one into the process.
 *
 * <p>In OpenMP the number of threads is a variable of each calling thread: {@link #setThreads} affects the calling
 * thread alone. A thread that runs parallel regions has its own team, which ends with it.
 */
public final class OpenMp {

    private static final CallbackThreadInitializer ATTACH_ONCE =
            new CallbackThreadInitializer(true, false, "kiln-openmp");

    private static final String SPIN_COUNT = "GOMP_SPINCOUNT";
    private static final String SPINS = "4000";

    private OpenMp() {}

    /**
     * Makes waiting threads give up their core after about a tenth of a millisecond, unless the environment says how
     * they wait. By default libgomp's threads spin for milliseconds at the end of each region, which is ruinous if
     * other processes need the cores as well (measured on two cores under a load of 10 to 18: a training step of 1 ms
     * took about 120 ms by default, about 20 ms with this; on an idle machine both take the same). Must be called
     * before libgomp is loaded, since it reads the setting once.
     */
    static void boundSpinning() {
        if (System.getenv("OMP_WAIT_POLICY") == null && System.getenv(SPIN_COUNT) == null) {
            Function setenv = NativeLibrary.getProcess().getFunction("setenv");
            setenv.invokeInt(new Object[] {SPIN_COUNT, SPINS, 0});
        }
    }

    /**
     * Binds to the runtime of a loaded library.
     *
     * @param library path of the loaded oneDNN library
     * @return the runtime
     * @throws UnsatisfiedLinkError if the library's runtime is not GNU OpenMP
     */
    static OpenMp bind(String library) {
        Native.register(Api.class, NativeLibrary.getInstance(library));
        return new OpenMp();
    }

    /**
     * Sets the number of threads of parallel regions that the calling thread begins from now on.
     *
     * @param count at least 1
     */
    public void setThreads(int count) {
        Api.omp_set_num_threads(count);
    }

    /**
     * Number of threads the next parallel region of the calling thread would have.
     *
     * @return at least 1
     */
    public int maxThreads() {
        return Api.omp_get_max_threads();
    }

    /**
     * Index of the calling thread in the running region.
     *
     * @return 0 for the thread that began the region
     */
    public int threadIndex() {
        return Api.omp_get_thread_num();
    }

    /**
     * Number of threads in the running region.
     *
     * @return 1 outside a region
     */
    public int teamSize() {
        return Api.omp_get_num_threads();
    }

    /**
     * Creates a parallel region from Java code.
     *
     * @param body runs once on each thread of the team; must not throw
     * @return the region, to which the runtime's threads refer only while it runs
     */
    public Region region(Runnable body) {
        return new Region(body);
    }

    /**
     * Runs a native function with one argument on a team and returns when all threads have ended.
     *
     * @param function the function
     * @param argument the argument that each thread passes
     * @param threads size of the team, including the calling thread
     */
    void run(Pointer function, Pointer argument, int threads) {
        Api.GOMP_parallel(function, argument, threads, 0);
    }

    /** Java code that runs on a team of OpenMP threads. */
    public static final class Region {

        private final Entry entry;
        private final Pointer function;

        private Region(Runnable body) {
            this.entry = data -> body.run();
            Native.setCallbackThreadInitializer(entry, ATTACH_ONCE);
            this.function = CallbackReference.getFunctionPointer(entry);
        }

        /**
         * Runs the body on a team and returns when all threads have ended.
         *
         * @param threads size of the team, including the calling thread
         */
        public void run(int threads) {
            Api.GOMP_parallel(function, Pointer.NULL, threads, 0);
            java.lang.ref.Reference.reachabilityFence(entry);
        }
    }

    /** The outlined function of a parallel region, as compiled code passes it to the runtime. */
    private interface Entry extends Callback {
        @SuppressWarnings("unused") // called by native code
        void invoke(Pointer data);
    }

    /** Functions of libgomp, by the names of its binary interface. */
    private static final class Api {

        static native void omp_set_num_threads(int count);

        static native int omp_get_max_threads();

        static native int omp_get_thread_num();

        static native int omp_get_num_threads();

        static native void GOMP_parallel(Pointer function, Pointer data, int threads, int flags);

        private Api() {}
    }
}
