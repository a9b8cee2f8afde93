package io.kiln.kvstore.transport;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.network.buffer.ManagedBuffer;
import org.apache.spark.network.client.RpcResponseCallback;

/**
 * Native memory on its way to a peer. It is done when the network layer has let go of it, or the peer has answered that it
 * has everything (with TLS only the answer tells), or the connection is closed, whichever comes first.
 */
final class Upload extends ManagedBuffer implements RpcResponseCallback {
    private final ByteBuffer view;
    private final Channel channel;
    private final Runnable done;
    private final AtomicInteger references = new AtomicInteger(1);
    private final AtomicBoolean reported = new AtomicBoolean();

    Upload(ByteBuffer view, Channel channel, Runnable done) {
        this.view = view;
        this.channel = channel;
        this.done = done;
    }

    @Override
    public long size() {
        return view.capacity();
    }

    @Override
    public ByteBuffer nioByteBuffer() {
        return view.duplicate();
    }

    @Override
    public InputStream createInputStream() {
        byte[] copy = new byte[view.capacity()];
        view.duplicate().get(copy);
        return new ByteArrayInputStream(copy);
    }

    @Override
    public ManagedBuffer retain() {
        references.incrementAndGet();
        return this;
    }

    @Override
    public ManagedBuffer release() {
        if (references.decrementAndGet() == 0) {
            report();
        }
        return this;
    }

    @Override
    public Object convertToNetty() {
        return Unpooled.wrappedBuffer(view.duplicate());
    }

    @Override
    public Object convertToNettyForSsl() {
        return Unpooled.wrappedBuffer(view.duplicate());
    }

    @Override
    public void onSuccess(ByteBuffer response) {
        report();
    }

    @Override
    public void onFailure(Throwable e) {
        channel.close().addListener(closed -> report());
    }

    private void report() {
        if (reported.compareAndSet(false, true)) {
            done.run();
        }
    }
}
