package io.kiln.kvstore.transport;

import io.kiln.kvstore.PeerFailedException;
import io.kiln.kvstore.transport.MessageHeader.Kind;
import io.netty.channel.Channel;
import java.nio.ByteBuffer;
import org.apache.spark.network.buffer.NioManagedBuffer;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.StreamCallbackWithID;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.protocol.OneWayMessage;
import org.apache.spark.network.server.OneForOneStreamManager;
import org.apache.spark.network.server.RpcHandler;
import org.apache.spark.network.server.StreamManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads headers, rejects messages that do not belong here, and passes the rest to the transport. Runs on event loops.
 */
final class WireHandler extends RpcHandler {
    private static final Logger LOG = LoggerFactory.getLogger(WireHandler.class);

    private final SparkTransport transport;
    private final StreamManager streams = new OneForOneStreamManager();

    WireHandler(SparkTransport transport) {
        this.transport = transport;
    }

    /** Sends on a connection that a peer has opened. */
    static void sendOn(Channel channel, ByteBuffer message) {
        channel.writeAndFlush(new OneWayMessage(new NioManagedBuffer(message)));
    }

    @Override
    public void channelActive(TransportClient client) {
        client.getChannel().config().setRecvByteBufAllocator(new LandingAllocator(client.getChannel()));
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message) {
        try {
            MessageHeader h = MessageHeader.decode(message);
            Peer p = transport.admit(h, client.getChannel());
            switch (h.kind()) {
                case HELLO -> transport.greeted(p);
                case HEARTBEAT -> {}
                case CLEAR -> p.clear(h.tag(), h.bytes());
                case DATA -> {
                    if (h.bytes() > Peer.SMALL || h.bytes() != message.remaining()) {
                        throw new IllegalArgumentException(
                                "message: header says %d bytes, got %d".formatted(h.bytes(), message.remaining()));
                    }
                    p.arrived(h, message);
                }
                case ABORT -> transport.aborted(h, message);
                case GOODBYE -> transport.departed(p);
            }
        } catch (PeerFailedException recorded) {
            LOG.debug("group failed while {} spoke", client.getSocketAddress(), recorded);
        } catch (IllegalArgumentException e) {
            refuse(client, e);
        }
    }

    private static void refuse(TransportClient client, IllegalArgumentException e) {
        LOG.warn("refused {}: {}", client.getSocketAddress(), e.getMessage());
        client.getChannel().close();
    }

    @Override
    public void receive(TransportClient client, ByteBuffer message, RpcResponseCallback callback) {
        IllegalArgumentException e = new IllegalArgumentException("message: a Kiln transport accepts no requests");
        callback.onFailure(e);
        refuse(client, e);
    }

    @Override
    public StreamCallbackWithID receiveStream(TransportClient client, ByteBuffer head, RpcResponseCallback callback) {
        MessageHeader h = MessageHeader.decode(head);
        Peer p = transport.admit(h, client.getChannel());
        if (h.kind() != Kind.DATA) {
            throw new IllegalArgumentException("message: a stream must carry data, not " + h.kind());
        }
        Landing landing = new Landing(p, begin(p, h), client.getChannel());
        landing.begin();
        return landing;
    }

    private static Peer.Incoming begin(Peer p, MessageHeader h) {
        try {
            return p.begin(h);
        } catch (PeerFailedException recorded) {
            LOG.debug("group failed while rank {} spoke", p.rank, recorded);
            return null;
        }
    }

    /** The bytes of one message as they arrive. */
    private record Landing(Peer peer, Peer.Incoming message, Channel channel) implements StreamCallbackWithID {
        void begin() {
            if (message != null) {
                reads().begin(peer, message);
            }
        }

        private LandingAllocator reads() {
            return channel.config().getRecvByteBufAllocator();
        }

        @Override
        public void onData(String id, ByteBuffer data) {
            if (message != null) {
                peer.land(message, data);
            }
        }

        @Override
        public void onComplete(String id) {
            reads().end();
            if (message != null) {
                peer.end(message);
            }
        }

        @Override
        public void onFailure(String id, Throwable cause) {
            reads().end();
            channel.close();
        }

        @Override
        public String getID() {
            return "kiln-" + peer.rank;
        }
    }

    @Override
    public StreamManager getStreamManager() {
        return streams;
    }

    @Override
    public void channelInactive(TransportClient client) {
        transport.disconnected(client.getChannel());
    }
}
