package io.kiln.opencl;

import org.jocl.CL;

/** Turns the status codes of OpenCL into exceptions. */
final class Status {
    private Status() {}

    /** Checks what a call has returned. */
    static void check(int code, String call) {
        if (code != CL.CL_SUCCESS) {
            throw new IllegalStateException("opencl: " + call + " failed: " + CL.stringFor_errorCode(code));
        }
    }
}
