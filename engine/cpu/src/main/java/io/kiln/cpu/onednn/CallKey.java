package io.kiln.cpu.onednn;

import java.util.Arrays;

/**
 * Identifies a call up to its addresses: operation, types, sizes, strides, attributes, threads. A context reuses one mutable key
 * for lookups and copies it only when it enters the cache.
 */
final class CallKey {

    private long[] words = new long[64];
    private int length;
    private long hash;

    /** Begins a new key. */
    CallKey start(int operation, int threads) {
        length = 0;
        hash = 0;
        return add(operation).add(threads);
    }

    CallKey add(long word) {
        if (length == words.length) {
            words = Arrays.copyOf(words, 2 * length);
        }
        words[length++] = word;
        hash = hash * 0x9E3779B97F4A7C15L + word;
        return this;
    }

    CallKey add(long[] array) {
        add(array.length);
        for (long word : array) {
            add(word);
        }
        return this;
    }

    CallKey add(double number) {
        return add(Double.doubleToRawLongBits(number));
    }

    /** Adds everything about a tensor except its address; null stands for an absent tensor. */
    CallKey add(Tensor tensor) {
        if (tensor == null) {
            return add(-1);
        }
        add(tensor.dtype().ordinal());
        add(tensor.dims());
        for (long stride : tensor.strides()) {
            add(stride);
        }
        return this;
    }

    CallKey add(PostOps postOps) {
        postOps.addTo(this);
        return this;
    }

    CallKey copy() {
        CallKey copy = new CallKey();
        copy.words = Arrays.copyOf(words, length);
        copy.length = length;
        copy.hash = hash;
        return copy;
    }

    @Override
    public int hashCode() {
        return (int) (hash ^ (hash >>> 32));
    }

    @Override
    public boolean equals(Object object) {
        if (!(object instanceof CallKey)) {
            return false;
        }
        CallKey other = (CallKey) object;
        return hash == other.hash && length == other.length && Arrays.equals(words, 0, length, other.words, 0, length);
    }
}
