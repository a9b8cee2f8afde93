package io.kiln.kvstore.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.kvstore.transport.MessageHeader.Kind;
import io.kiln.ndarray.HostView;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.RecvByteBufAllocator.ExtendedHandle;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.network.util.TransportFrameDecoder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LandingAllocatorTest {
    private static final int BYTES = 100_000;

    private final HostView target = HostView.allocate(BYTES);
    private final Transfer transfer = new Transfer(null, "receive from", 1, BYTES);
    private final Peer peer = new Peer(null, 1);
    private final EmbeddedChannel channel = new EmbeddedChannel(new TransportFrameDecoder());

    @AfterEach
    void free() {
        channel.close();
        target.close();
    }

    private Peer.Incoming expect() {
        peer.receive(7, 0, target, false, transfer);
        return peer.begin(new MessageHeader(Kind.DATA, new GroupId(1, 2, 0), 1, 0, 7, 0, BYTES));
    }

    private static ByteBuf read(ExtendedHandle socket, byte... bytes) {
        ByteBuf b = socket.allocate(ByteBufAllocator.DEFAULT);
        b.writeBytes(bytes);
        socket.lastBytesRead(bytes.length);
        return b;
    }

    private byte[] landed(int n) {
        byte[] got = new byte[n];
        target.get(0, got, 0, n);
        return got;
    }

    @Test
    void theSocketOfAPlainConnectionIsReadIntoTheMemoryOfTheMessage() {
        LandingAllocator reads = new LandingAllocator(channel);
        ExtendedHandle socket = reads.newHandle();
        Peer.Incoming m = expect();
        reads.begin(peer, m);
        ByteBuf first = read(socket, (byte) 1, (byte) 2, (byte) 3);
        assertArrayEquals(new byte[] {1, 2, 3}, landed(3));
        peer.land(m, first.nioBuffer());
        read(socket, (byte) 4, (byte) 5);
        assertArrayEquals(new byte[] {1, 2, 3, 4, 5}, landed(5));
        assertEquals(3, transfer.progress());
    }

    @Test
    void nothingIsReadBeyondTheMessage() {
        LandingAllocator reads = new LandingAllocator(channel);
        reads.begin(peer, expect());
        assertEquals(BYTES, reads.newHandle().allocate(ByteBufAllocator.DEFAULT).writableBytes());
    }

    @Test
    void aHandlerBeforeTheFrameDecoderGetsBuffersOfItsOwn() {
        channel.pipeline().addFirst(new ChannelInboundHandlerAdapter());
        LandingAllocator reads = new LandingAllocator(channel);
        target.fill((byte) 9);
        reads.begin(peer, expect());
        read(reads.newHandle(), (byte) 1, (byte) 2).release();
        assertArrayEquals(new byte[] {9, 9}, landed(2));
    }

    @Test
    void betweenMessagesTheSocketIsReadIntoOtherMemory() {
        LandingAllocator reads = new LandingAllocator(channel);
        target.fill((byte) 9);
        reads.begin(peer, expect());
        reads.end();
        read(reads.newHandle(), (byte) 1).release();
        assertArrayEquals(new byte[] {9}, landed(1));
    }

    @Test
    void cancelWaitsForMemoryThatIsLentToASocket() throws Exception {
        LandingAllocator reads = new LandingAllocator(channel);
        ExtendedHandle socket = reads.newHandle();
        reads.begin(peer, expect());
        read(socket, (byte) 1);
        CompletableFuture<Void> cancelled = new CompletableFuture<>();
        Thread canceller = new Thread(() -> {
            peer.cancel(60_000_000_000L);
            cancelled.complete(null);
        });
        canceller.start();
        while (canceller.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
        assertFalse(cancelled.isDone());
        socket.readComplete();
        cancelled.get(10, TimeUnit.SECONDS);
        assertTrue(socket.allocate(ByteBufAllocator.DEFAULT).release());
    }
}
