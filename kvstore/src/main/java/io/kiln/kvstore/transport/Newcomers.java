package io.kiln.kvstore.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.network.protocol.ChunkFetchFailure;
import org.apache.spark.network.protocol.RpcFailure;
import org.apache.spark.network.protocol.StreamFailure;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.TransportServerBootstrap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Limits connections that have not yet shown that they come from a rank of the group: few bytes, few reads, little
 * time, and only a few connections at once. It sits before Spark's frame decoder, which would buffer frames of any
 * announced length. Small reads are copied out of the large buffers into which sockets are read, and such connections
 * get no error details.
 *
 * <p>Concurrency: thread-safe; the state of a connection is used on its event loop only.
 */
final class Newcomers implements TransportServerBootstrap {
    /** Enough for a TLS handshake with certificates, Spark's authentication and the greeting. */
    static final int MAX_BYTES = 64 << 10;

    static final int MAX_READS = 256;
    private static final long MAX_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final int SPARE = 32;
    private static final Logger LOG = LoggerFactory.getLogger(Newcomers.class);

    private final int most;
    private final long nanos;
    private final Set<Gate> waiting = new LinkedHashSet<>();
    private final AtomicLong turnedAway = new AtomicLong();

    Newcomers(int ranks) {
        this(2 * ranks + SPARE, MAX_NANOS);
    }

    Newcomers(int most, long nanos) {
        this.most = most;
        this.nanos = nanos;
    }

    @Override
    public RpcHandler doBootstrap(Channel channel, RpcHandler handler) {
        Gate gate = new Gate(channel);
        channel.pipeline().addLast(gate);
        Gate eldest = null;
        synchronized (waiting) {
            waiting.add(gate);
            if (waiting.size() > most) {
                Iterator<Gate> all = waiting.iterator();
                eldest = all.next();
                all.remove();
            }
        }
        if (eldest != null) {
            eldest.turnAway("more than " + most + " connections wait for admission");
        }
        return handler;
    }

    /** Lifts the limits: a message from a rank of this group has arrived. */
    static void admit(Channel channel) {
        Gate gate = channel.pipeline().get(Gate.class);
        if (gate != null) {
            gate.open();
        }
    }

    /** The number of connections that wait for admission. */
    int waiting() {
        synchronized (waiting) {
            return waiting.size();
        }
    }

    /** The number of connections closed because no rank introduced itself. */
    long turnedAway() {
        return turnedAway.get();
    }

    private final class Gate extends ChannelInboundHandlerAdapter {
        private final Channel channel;
        private ScheduledFuture<?> deadline;
        private boolean open;
        private int bytes;
        private int reads;

        Gate(Channel channel) {
            this.channel = channel;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            channel.pipeline().addLast(new Answers());
            deadline = ctx.executor()
                    .schedule(
                            () -> turnAway("it did not join the group within " + nanos / 1_000_000 + " ms"),
                            nanos,
                            TimeUnit.NANOSECONDS);
            ctx.fireChannelActive();
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (open || !(message instanceof ByteBuf read)) {
                ctx.fireChannelRead(message);
                return;
            }
            int n = Math.min(read.readableBytes(), MAX_BYTES - bytes);
            bytes += n;
            reads++;
            ctx.fireChannelRead(
                    Unpooled.buffer(n).writeBytes(read, n)); // admits the connection if the greeting is in it
            if (open && read.isReadable()) {
                ctx.fireChannelRead(read);
                return;
            }
            boolean tooMuch = read.isReadable() || reads >= MAX_READS;
            read.release();
            if (!open && tooMuch) {
                turnAway("it sent " + bytes + " bytes in " + reads + " pieces and did not join the group");
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            leave();
            ctx.fireChannelInactive();
        }

        void open() {
            if (!open) {
                open = true;
                leave();
                channel.eventLoop()
                        .execute(
                                () -> { // after the read that is passing through this handler
                                    if (channel.pipeline().get(Gate.class) != null) {
                                        channel.pipeline().remove(Gate.class);
                                        channel.pipeline().remove(Answers.class);
                                    }
                                });
            }
        }

        private void leave() {
            synchronized (waiting) {
                waiting.remove(this);
            }
            if (deadline != null) {
                deadline.cancel(false);
            }
        }

        void turnAway(String reason) {
            if (!channel.eventLoop().inEventLoop()) {
                channel.eventLoop().execute(() -> turnAway(reason));
                return;
            }
            if (open || !channel.isOpen()) {
                return;
            }
            long n = turnedAway.incrementAndGet();
            if ((n & n - 1) == 0) { // so that many of them do not flood the log
                LOG.warn(
                        "closed the connection from {}: {}; it is not a worker of this training ({} such connections so far)",
                        channel.remoteAddress(),
                        reason,
                        n);
            }
            leave();
            channel.close();
        }
    }

    /** Tells an unknown peer only that it failed: Spark's own answers contain a stack trace. */
    private static final class Answers extends ChannelOutboundHandlerAdapter {
        private static final String REFUSED = "refused";

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            Object told = message;
            if (message instanceof RpcFailure f) {
                told = new RpcFailure(f.requestId, REFUSED);
            } else if (message instanceof ChunkFetchFailure f) {
                told = new ChunkFetchFailure(f.streamChunkId, REFUSED);
            } else if (message instanceof StreamFailure f) {
                told = new StreamFailure(f.streamId, REFUSED);
            }
            ctx.write(told, promise);
        }
    }
}
