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
 * Gives a channel the memory that it reads its socket into: while a message streams in, the memory where the message belongs,
 * so that its bytes are not copied once more. They pass through Spark's handlers as all others do. Where something stands
 * before Spark's frame decoder, as encryption and TLS do, the socket does not carry the message's own bytes; then, as between
 * messages, it is read into a buffer of Netty's.
 *
 * <p>Concurrency: one for each channel, used by the channel's event loop.
 */
final class LandingAllocator extends DefaultMaxMessagesRecvByteBufAllocator {
    private static final int READ_BYTES = 256 << 10;

    private final Channel channel;
    private Peer peer;
    private Peer.Incoming message;

    LandingAllocator(Channel channel) {
        this.channel = channel;
    }

    /** The bytes that come next are a message's. */
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

    /** The bytes that come next are those of Spark's protocol. */
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

        /** What was read has gone through all handlers. */
        private void giveBack() {
            if (lender != null) {
                lender.takeBack();
                lender = null;
            }
        }
    }
}
