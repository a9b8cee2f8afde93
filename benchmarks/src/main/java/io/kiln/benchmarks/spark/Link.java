package io.kiln.benchmarks.spark;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.apache.spark.BarrierTaskContext;

/** Plain sockets between the two tasks of a barrier stage: for their common start, and for {@link NioExchange}. */
public final class Link implements AutoCloseable {

    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);

    private final int rank;
    private final SocketChannel channel;
    private final ByteBuffer one = ByteBuffer.allocateDirect(1);

    private Link(int rank, SocketChannel channel) {
        this.rank = rank;
        this.channel = channel;
    }

    /** Connects the two tasks; takes the seconds that Spark's barrier takes. */
    static Link connect(BarrierTaskContext context) throws IOException {
        try (ServerSocketChannel server = ServerSocketChannel.open()) {
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            server.configureBlocking(false);
            String[] ports =
                    context.allGather(Integer.toString(((InetSocketAddress) server.getLocalAddress()).getPort()));
            int rank = context.partitionId();
            SocketChannel channel = rank == 0
                    ? accept(server)
                    : SocketChannel.open(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(ports[0])));
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            return new Link(rank, channel);
        }
    }

    private static SocketChannel accept(ServerSocketChannel server) throws IOException {
        long end = System.nanoTime() + PATIENCE;
        while (System.nanoTime() < end) {
            SocketChannel channel = server.accept();
            if (channel != null) {
                return channel;
            }
            Thread.onSpinWait();
        }
        throw new IOException("link: the other task did not connect within 30 s");
    }

    /** 0 or 1. */
    public int rank() {
        return rank;
    }

    SocketChannel channel() {
        return channel;
    }

    /** Both tasks leave this call at about the same time. */
    void meet() throws IOException {
        one.clear();
        write(channel, one);
        one.clear();
        read(channel, one);
    }

    /** Text of this task against the text of the other one. */
    public String swap(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        ByteBuffer length = ByteBuffer.allocate(4).putInt(bytes.length).flip();
        write(channel, length);
        write(channel, ByteBuffer.wrap(bytes));
        length.clear();
        read(channel, length);
        int size = length.flip().getInt();
        if (size < 0 || size > 10_000) {
            throw new IOException("link: expected a text of at most 10000 bytes, got " + size);
        }
        ByteBuffer other = ByteBuffer.allocate(size);
        read(channel, other);
        return StandardCharsets.UTF_8.decode(other.flip()).toString();
    }

    static void write(SocketChannel channel, ByteBuffer from) throws IOException {
        while (from.hasRemaining()) {
            channel.write(from);
        }
    }

    static void read(SocketChannel channel, ByteBuffer to) throws IOException {
        while (to.hasRemaining()) {
            if (channel.read(to) < 0) {
                throw new IOException("link: the other task has gone");
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
