package io.kiln.benchmarks.sparse;

import io.kiln.kvstore.transport.Transfer;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.HostView;
import java.util.concurrent.atomic.AtomicLong;

/** Counts the bytes of the messages that a worker sends. */
final class CountingTransport implements Transport {
    private final Transport transport;
    private final AtomicLong bytes = new AtomicLong();

    CountingTransport(Transport transport) {
        this.transport = transport;
    }

    void restart() {
        bytes.set(0);
    }

    long sent() {
        return bytes.get();
    }

    @Override
    public int rank() {
        return transport.rank();
    }

    @Override
    public int size() {
        return transport.size();
    }

    @Override
    public Transfer send(int to, long tag, int check, HostView memory, Flow flow) {
        bytes.addAndGet(memory.bytes());
        return transport.send(to, tag, check, memory, flow);
    }

    @Override
    public Transfer receive(int from, long tag, int check, HostView memory, Flow flow) {
        return transport.receive(from, tag, check, memory, flow);
    }

    @Override
    public void abort(String cause) {
        transport.abort(cause);
    }

    @Override
    public void check() {
        transport.check();
    }

    @Override
    public void close() {
        transport.close();
    }
}
