package io.kiln.cuda;

import io.kiln.backend.Span;
import java.util.Arrays;

/** Takes a workspace apart, at addresses that suit cuDNN. */
final class RecurrentSpace {
    private final Span workspace;
    private long at;

    RecurrentSpace(Span workspace) {
        this.workspace = workspace;
        long address = DevicePointer.of(workspace).address();
        at = RecurrentSizes.aligned(address) - address;
    }

    /** The size of a workspace for some parts. */
    static long bytes(long... parts) {
        return Arrays.stream(parts).map(RecurrentSizes::aligned).sum() + RecurrentSizes.aligned(1);
    }

    Span next(long bytes) {
        Span part = workspace.slice(at, bytes);
        at += RecurrentSizes.aligned(bytes);
        return part;
    }
}
