package io.kiln.cpu.onednn;

import org.bytedeco.dnnl.global.dnnl;

/** A oneDNN call failed: the message names the call and oneDNN's status. */
public final class OneDnnException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;

    private OneDnnException(String call, int status) {
        super(call + ": oneDNN says " + describe(status));
        this.status = status;
    }

    static void check(String call, int status) {
        if (status != dnnl.dnnl_success) {
            throw new OneDnnException(call, status);
        }
    }

    /**
     * Whether oneDNN merely has no implementation for this machine, dtype or shape. Operators have already checked
     * their shapes, so arguments that oneDNN calls invalid exceed its limits (for example, more than twelve axes).
     */
    boolean isUnimplemented() {
        return status == dnnl.dnnl_unimplemented
                || status == dnnl.dnnl_last_impl_reached
                || status == dnnl.dnnl_invalid_arguments;
    }

    private static String describe(int status) {
        switch (status) {
            case dnnl.dnnl_out_of_memory:
                return "out of memory; raise the memory overhead of the executor";
            case dnnl.dnnl_invalid_arguments:
                return "invalid arguments";
            case dnnl.dnnl_unimplemented:
            case dnnl.dnnl_last_impl_reached:
                return "not implemented for this machine, type or shape";
            case dnnl.dnnl_runtime_error:
                return "error at run time";
            default:
                return "status " + status;
        }
    }
}
