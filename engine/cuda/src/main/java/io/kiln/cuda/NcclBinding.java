package io.kiln.cuda;

import java.nio.file.Path;

/**
 * The functions of NCCL that this backend calls, one method each; named in {@code META-INF/services/io.kiln.cuda.NcclBinding} by the jar
 * that binds them. Handles and addresses are numbers. Each method but the two that give text returns NCCL's code, 0 for success. Source:
 * the header {@code nccl.h}.
 */
public interface NcclBinding {
    /** Writes natives where they can be loaded from. */
    @FunctionalInterface
    interface Unpacker {
        /**
         * Writes a file, unless it is there with this content.
         *
         * @param name its name
         * @param content its content
         * @param needs a library that it needs, such as {@code libcudart.so.13}, whose version of this machine it is changed to need; empty
         *     if there is none
         * @return the file
         */
        Path unpack(String name, byte[] content, String needs);
    }

    /**
     * Loads NVIDIA's libraries, then the binding's own. The first call comes before all others.
     *
     * @param cudart CUDA's runtime library, of CUDA 12 or 13
     * @param nccl NCCL's library
     * @param unpacker writes the binding's natives
     * @throws LinkageError if one of them does not load
     */
    void load(Path cudart, Path nccl, Unpacker unpacker);

    /**
     * {@code ncclGetVersion}.
     *
     * @param version room for the version, such as 22703 for 2.27.3
     * @return the code
     */
    int version(int[] version);

    /**
     * {@code ncclGetErrorString}.
     *
     * @param code what a call has returned
     * @return what it means
     */
    String errorString(int code);

    /**
     * {@code ncclGetLastError}.
     *
     * @return NCCL's own words on the last error; may be empty
     */
    String lastError();

    /**
     * {@code ncclCommInitAll}.
     *
     * @param comms room for a communicator of each device
     * @param devices CUDA's numbers of the devices, in the order of the ranks
     * @return the code
     */
    int commInitAll(long[] comms, int[] devices);

    /**
     * {@code ncclGroupStart}.
     *
     * @return the code
     */
    int groupStart();

    /**
     * {@code ncclGroupEnd}.
     *
     * @return the code
     */
    int groupEnd();

    /**
     * {@code ncclReduce}, which adds up.
     *
     * @param send address of the rank's array
     * @param receive address of the sum; 0 but for the root
     * @param count elements
     * @param type NCCL's number of the dtype
     * @param root the rank that gets the sum
     * @param comm the rank's communicator
     * @param stream the rank's stream
     * @return the code
     */
    int reduce(long send, long receive, long count, int type, int root, long comm, long stream);

    /**
     * {@code ncclBroadcast}.
     *
     * @param send address of the root's array; 0 for the others
     * @param receive address of the rank's copy
     * @param count elements
     * @param type NCCL's number of the dtype
     * @param root the rank that has the array
     * @param comm the rank's communicator
     * @param stream the rank's stream
     * @return the code
     */
    int broadcast(long send, long receive, long count, int type, int root, long comm, long stream);

    /**
     * {@code ncclCommGetAsyncError}.
     *
     * @param comm a communicator
     * @param error room for the code of what has gone wrong since it was made, 0 for nothing
     * @return the code of the call
     */
    int asyncError(long comm, int[] error);

    /**
     * {@code ncclCommDestroy}.
     *
     * @param comm a communicator, whose work has ended
     * @return the code
     */
    int destroy(long comm);

    /**
     * {@code ncclCommAbort}.
     *
     * @param comm a communicator, whose work is given up
     * @return the code
     */
    int abort(long comm);
}
