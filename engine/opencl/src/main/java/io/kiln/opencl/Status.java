package io.kiln.opencl;

import org.jocl.CL;

/** Turns the status codes of OpenCL into exceptions. */
final class Status {
    private static final int NVIDIA_ILLEGAL_ACCESS = -9999;

    private Status() {}

    /** Checks what a call has returned. */
    static void check(int code, String call) {
        if (code != CL.CL_SUCCESS) {
            throw new IllegalStateException("opencl: " + call + " failed: " + CL.stringFor_errorCode(code));
        }
    }

    /**
     * Whether the device, or this process's context on it, cannot be used any more. NVIDIA's driver answers a kernel that left its memory by
     * {@code CL_OUT_OF_RESOURCES} or {@value #NVIDIA_ILLEGAL_ACCESS}, and by an invalid queue ever after.
     */
    static boolean isLost(int code) {
        return switch (code) {
            case CL.CL_DEVICE_NOT_AVAILABLE,
                    CL.CL_OUT_OF_RESOURCES,
                    CL.CL_INVALID_CONTEXT,
                    CL.CL_INVALID_COMMAND_QUEUE,
                    CL.CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST,
                    NVIDIA_ILLEGAL_ACCESS -> true;
            default -> false;
        };
    }

    /** Whether memory is full; OpenCL allocates some only when a command needs it. */
    static boolean isOutOfMemory(int code) {
        return code == CL.CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL.CL_OUT_OF_HOST_MEMORY;
    }
}
