package io.kiln.kvstore.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandler;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.Map;
import org.apache.spark.network.util.TransportFrameDecoder;

/**
 * Provides the memory into which a channel reads its socket: while a message is streaming in, the message's
 * destination, which saves one copy. The bytes pass through Spark's handlers like all others. If something precedes
 * Spark's frame decoder, as encryption and TLS do, the socket does not carry the message's own bytes; in that case, and
 * between messages, the channel reads into a Netty buffer.
 *
 * <p>Concurrency: one per channel, used by the channel's event loop.
 */
final class LandingAllocator extends DefaultMaxMessagesRecvByteBufAllocator {
    private static final int READ_BYTES = 256 << 10;

    private final Channel channel;
    private Peer peer;
    private Peer.Incoming message;

    LandingAllocator(Channel channel) {
        this.channel = channel;
    }

    /** The next bytes belong to a message. */
    void begin(Peer from, Peer.Incoming m) {
        if (isPlain()) {
            peer = from;
            message = m;
        }
    }

    private boolean isPlain() {
        for (Map.Entry<String, ChannelHandler> e : channel.pipeline()) {
            if (e.getValue() instanceof TransportFrameDecoder) {
                return true;
            } else if (e.getValue() instanceof ChannelInboundHandler) {
                return false;
            }
        }
        return false;
    }

    /** The next bytes belong to Spark's protocol. */
    void end() {
        message = null;
    }

    @Override
    public ExtendedHandle newHandle() {
        return new Reads();
    }

    private final class Reads extends MaxMessageHandle {
        private Peer lender;

        @Override
        public int guess() {
            return READ_BYTES;
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            giveBack();
            ByteBuffer room = message == null ? null : peer.lend(message, READ_BYTES);
            if (room == null) {
                return super.allocate(allocator);
            }
            lender = peer;
            return Unpooled.wrappedBuffer(room).clear();
        }

        @Override
        public void lastBytesRead(int bytes) {
            super.lastBytesRead(bytes);
            if (lender != null && bytes > 0) {
                lender.placed(message, bytes);
            }
        }

        @Override
        public void readComplete() {
            super.readComplete();
            giveBack();
        }

        /** All handlers have processed what was read. */
        private void giveBack() {
            if (lender != null) {
                lender.takeBack();
                lender = null;
            }
        }
    }
}
