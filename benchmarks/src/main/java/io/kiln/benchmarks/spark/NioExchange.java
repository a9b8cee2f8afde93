package io.kiln.benchmarks.spark;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Plain java.nio: each task sends the half that the other one sums, adds what comes in chunk by chunk, and sends its sums
 * back. A second thread writes while the first one reads.
 */
public final class NioExchange implements Exchange {

    private static final int CHUNK = 1 << 20;

    private final Link link;
    private final int half;
    private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK).order(ByteOrder.nativeOrder());
    private final Tiles tiles = new Tiles();
    private final ExecutorService writer = Executors.newSingleThreadExecutor();

    /** Over the sockets of the link, for arrays of so many floats. */
    public NioExchange(Link link, int floats) {
        this.link = link;
        this.half = floats / 2 * Float.BYTES;
    }

    @Override
    public void sum(ByteBuffer array, int step) throws IOException {
        SocketChannel channel = link.channel();
        FloatBuffer floats = array.asFloatBuffer();
        int mine = link.rank() == 0 ? 0 : half;
        int theirs = half - mine;
        Future<?> sent = send(channel, array, theirs);
        for (int done = 0; done < half; ) {
            chunk.clear().limit(Math.min(CHUNK, half - done));
            Link.read(channel, chunk);
            tiles.add(floats, (mine + done) / Float.BYTES, chunk.flip().asFloatBuffer());
            done += chunk.limit();
        }
        await(sent);
        sent = send(channel, array, mine);
        Link.read(channel, array.duplicate().limit(theirs + half).position(theirs));
        await(sent);
    }

    private Future<?> send(SocketChannel channel, ByteBuffer array, int from) {
        ByteBuffer part = array.duplicate().limit(from + half).position(from);
        return writer.submit(() -> {
            Link.write(channel, part);
            return null;
        });
    }

    private static void await(Future<?> sent) throws IOException {
        try {
            sent.get(60, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IOException("nio: sending failed", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("nio: interrupted", e);
        }
    }

    @Override
    public void close() {
        writer.shutdownNow();
    }
}
