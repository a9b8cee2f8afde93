package io.kiln.nccl;

import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.nccl.ncclComm;
import org.bytedeco.javacpp.Pointer;

/** A pointer to what JavaCPP neither allocates nor frees. */
final class Address extends Pointer {
    Address(long where) {
        super((Pointer) null);
        address = where;
    }

    static ncclComm comm(long handle) {
        return new ncclComm(new Address(handle));
    }

    static CUstream_st stream(long handle) {
        return new CUstream_st(new Address(handle));
    }
}
