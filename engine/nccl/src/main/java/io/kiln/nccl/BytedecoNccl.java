package io.kiln.nccl;

import io.kiln.cuda.NcclBinding;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.Path;
import org.bytedeco.cuda.global.nccl;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.PointerPointer;

/**
 * NCCL by Bytedeco's preset of CUDA. Of the preset's natives two are loaded: that of NCCL, and that of CUDA's runtime, on which the preset
 * insists though nothing of it is called; it is changed to ask for the runtime of CUDA 12 where that is what the machine has.
 */
public final class BytedecoNccl implements NcclBinding {
    private static final String JAVACPP = "org/bytedeco/javacpp/";
    private static final String CUDA = "org/bytedeco/cuda/";
    private static final String RUNTIME = "libcudart.so.13";

    /** Made by the service loader. */
    public BytedecoNccl() {}

    /** JavaCPP's loader is given each file, and then looks for no others. */
    @Override
    public void load(Path cudart, Path library, Unpacker unpacker) {
        take(unpack(unpacker, JAVACPP, "libjnijavacpp.so", ""), "jnijavacpp");
        take(cudart, "cudart@.13");
        take(unpack(unpacker, CUDA, "libjnicudart.so", RUNTIME), "jnicudart");
        take(library, "nccl@.2");
        take(unpack(unpacker, CUDA, "libjninccl.so", ""), "jninccl");
        Loader.load(nccl.class);
    }

    private static Path unpack(Unpacker unpacker, String folder, String name, String needs) {
        String resource = folder + Loader.getPlatform() + "/" + name;
        try (InputStream in = BytedecoNccl.class.getClassLoader().getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + " is not on the class path");
            }
            return unpacker.unpack(name, in.readAllBytes(), needs);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void take(Path file, String name) {
        try {
            Loader.loadLibrary(Loader.class, new URL[] {file.toUri().toURL()}, name);
        } catch (MalformedURLException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public int version(int[] version) {
        return nccl.ncclGetVersion(version);
    }

    @Override
    public String errorString(int code) {
        return text(nccl.ncclGetErrorString(code));
    }

    @Override
    public String lastError() {
        return text(nccl.ncclGetLastError(null));
    }

    private static String text(BytePointer words) {
        return words == null || words.isNull() ? "" : words.getString();
    }

    @Override
    public int commInitAll(long[] comms, int[] devices) {
        try (PointerPointer<?> made = new PointerPointer<>(comms.length)) {
            int code = nccl.ncclCommInitAll(made, comms.length, devices);
            for (int i = 0; i < comms.length && code == 0; i++) {
                comms[i] = made.get(i).address();
            }
            return code;
        }
    }

    @Override
    public int groupStart() {
        return nccl.ncclGroupStart();
    }

    @Override
    public int groupEnd() {
        return nccl.ncclGroupEnd();
    }

    @Override
    public int reduce(long send, long receive, long count, int type, int root, long comm, long stream) {
        return nccl.ncclReduce(
                new Address(send),
                new Address(receive),
                count,
                type,
                nccl.ncclSum,
                root,
                Address.comm(comm),
                Address.stream(stream));
    }

    @Override
    public int broadcast(long send, long receive, long count, int type, int root, long comm, long stream) {
        return nccl.ncclBroadcast(
                new Address(send), new Address(receive), count, type, root, Address.comm(comm), Address.stream(stream));
    }

    @Override
    public int asyncError(long comm, int[] error) {
        return nccl.ncclCommGetAsyncError(Address.comm(comm), error);
    }

    @Override
    public int destroy(long comm) {
        return nccl.ncclCommDestroy(Address.comm(comm));
    }

    @Override
    public int abort(long comm) {
        return nccl.ncclCommAbort(Address.comm(comm));
    }
}
