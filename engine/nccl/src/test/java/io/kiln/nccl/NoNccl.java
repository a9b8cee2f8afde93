package io.kiln.nccl;

import io.kiln.cuda.NcclBinding;
import java.nio.file.Path;

/** A binding that binds nothing. */
abstract class NoNccl implements NcclBinding {
    private static UnsupportedOperationException none() {
        return new UnsupportedOperationException("there is no NCCL");
    }

    @Override
    public void load(Path cudart, Path nccl, Unpacker unpacker) {
        throw none();
    }

    @Override
    public int version(int[] version) {
        throw none();
    }

    @Override
    public String errorString(int code) {
        throw none();
    }

    @Override
    public String lastError() {
        throw none();
    }

    @Override
    public int commInitAll(long[] comms, int[] devices) {
        throw none();
    }

    @Override
    public int groupStart() {
        throw none();
    }

    @Override
    public int groupEnd() {
        throw none();
    }

    @Override
    public int reduce(long send, long receive, long count, int type, int root, long comm, long stream) {
        throw none();
    }

    @Override
    public int broadcast(long send, long receive, long count, int type, int root, long comm, long stream) {
        throw none();
    }

    @Override
    public int asyncError(long comm, int[] error) {
        throw none();
    }

    @Override
    public int destroy(long comm) {
        throw none();
    }

    @Override
    public int abort(long comm) {
        throw none();
    }
}
