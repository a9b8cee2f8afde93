package io.kiln.kvstore.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.kvstore.Ranks;
import io.kiln.kvstore.collective.Collectives;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.internal.Memory;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.network.protocol.RpcFailure;
import org.apache.spark.network.server.NoOpRpcHandler;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class NewcomersTest {
    private static final TransportOptions OPTIONS = TransportOptions.DEFAULT.withTimeout(Duration.ofSeconds(60));

    private static EmbeddedChannel channel(Newcomers newcomers) {
        EmbeddedChannel c = new EmbeddedChannel(false, false);
        newcomers.doBootstrap(c, new NoOpRpcHandler());
        try {
            c.register();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        return c;
    }

    @Test
    void aStrangersByteHoldsAByteAndItsBytesAreCounted() {
        EmbeddedChannel c = channel(new Newcomers(4, 1_000_000_000L));
        for (int i = 1; i < Newcomers.MAX_READS; i++) {
            c.writeInbound(Unpooled.buffer(256 << 10).writeByte(i));
            ByteBuf seen = c.readInbound();
            assertEquals(1, seen.capacity());
            seen.release();
        }
        assertTrue(c.isOpen());
        c.writeInbound(Unpooled.buffer(256 << 10).writeByte(0));
        assertFalse(c.isOpen());
        EmbeddedChannel large = channel(new Newcomers(4, 1_000_000_000L));
        large.writeInbound(Unpooled.buffer().writeZero(Newcomers.MAX_BYTES + 1));
        assertFalse(large.isOpen());
    }

    @Test
    void whoSaysNothingIsClosedAndWhoIsAdmittedIsNot() {
        Newcomers newcomers = new Newcomers(4, TimeUnit.SECONDS.toNanos(30));
        EmbeddedChannel silent = channel(newcomers);
        EmbeddedChannel rank = channel(newcomers);
        assertEquals(2, newcomers.waiting());
        Newcomers.admit(rank);
        for (EmbeddedChannel c : List.of(silent, rank)) {
            c.advanceTimeBy(31, TimeUnit.SECONDS);
            c.runScheduledPendingTasks();
            c.runPendingTasks();
        }
        assertFalse(silent.isOpen());
        assertEquals(1, newcomers.turnedAway());
        assertTrue(rank.writeInbound(Unpooled.buffer().writeZero(Newcomers.MAX_BYTES + 1)));
        assertTrue(rank.isOpen());
        assertEquals(0, newcomers.waiting());
    }

    @Test
    void theEldestStrangerMakesRoomForAnother() {
        Newcomers newcomers = new Newcomers(2, 1_000_000_000L);
        List<EmbeddedChannel> all = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            all.add(channel(newcomers));
        }
        all.get(0).runPendingTasks();
        assertEquals(
                List.of(false, true, true),
                all.stream().map(EmbeddedChannel::isOpen).toList());
    }

    @Test
    void strangersAreToldNoStackTraceAndRanksAre() {
        EmbeddedChannel c = channel(new Newcomers(2, 1_000_000_000L));
        c.writeOutbound(new RpcFailure(7, "java.lang.Error\n\tat io.kiln"));
        RpcFailure told = c.readOutbound();
        assertEquals(7, told.requestId);
        assertEquals("refused", told.errorString);
        Newcomers.admit(c);
        c.runPendingTasks();
        c.writeOutbound(new RpcFailure(8, "why"));
        assertEquals("why", c.<RpcFailure>readOutbound().errorString);
        assertNull(c.pipeline().first());
    }

    /** Sends until the other side has closed. */
    private static long sentUntilClosed(Socket s, byte... piece) throws IOException {
        long sent = 0;
        try {
            while (sent < 64L << 20) {
                s.getOutputStream().write(piece);
                sent += piece.length;
            }
        } catch (SocketException closed) {
            return sent;
        }
        return sent;
    }

    @Test
    void trainingGoesOnWhileStrangersSendFramesOfTwoGigabytes() throws Exception {
        for (Future<Object> f : Ranks.start(2, new SparkConf(false), OPTIONS, t -> {
            if (t.rank() == 0) {
                String[] address = ((SparkTransport) t).address().split(":");
                byte[] frame = ByteBuffer.allocate(9)
                        .putLong(Integer.MAX_VALUE - 1)
                        .put((byte) 9)
                        .array();
                for (byte[] piece : List.of(new byte[1], new byte[1 << 20])) {
                    try (Socket s = new Socket(address[0], Integer.parseInt(address[1]))) {
                        s.setTcpNoDelay(true);
                        s.getOutputStream().write(frame);
                        assertTrue(sentUntilClosed(s, piece) < 64L << 20);
                    }
                }
                assertEquals("refused", answerToRequest(address));
            }
            sum(t);
            return null;
        })) {
            f.get();
        }
    }

    /** What a stranger is told who asks for something in Spark's protocol: i64 frame length, type, i64 id, i32 bytes. */
    private static String answerToRequest(String... address) throws IOException {
        try (Socket s = new Socket(address[0], Integer.parseInt(address[1]))) {
            byte[] body = "hello".getBytes(StandardCharsets.UTF_8);
            s.getOutputStream()
                    .write(ByteBuffer.allocate(21 + body.length)
                            .putLong(21 + body.length)
                            .put((byte) 3)
                            .putLong(1)
                            .putInt(body.length)
                            .put(body)
                            .array());
            DataInputStream in = new DataInputStream(s.getInputStream());
            in.readFully(new byte[17]); // frame length, type, id
            return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
        }
    }

    private static void sum(Transport t) {
        HostView x = HostView.allocate(4);
        try (Collectives c = new Collectives(t, 0)) {
            Memory.putFloat(x.address(), 1 + t.rank());
            c.allReduce(DType.FLOAT32, x.slice(0, 4L * 1), 0);
            assertEquals(3f, Memory.getFloat(x.address()));
        } finally {
            x.close();
        }
    }
}
