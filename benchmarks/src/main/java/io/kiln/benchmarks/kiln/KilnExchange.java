package io.kiln.benchmarks.kiln;

import io.kiln.benchmarks.spark.Exchange;
import io.kiln.benchmarks.spark.Link;
import io.kiln.kvstore.collective.Collectives;
import io.kiln.kvstore.transport.Endpoint;
import io.kiln.kvstore.transport.GroupId;
import io.kiln.kvstore.transport.SparkTransport;
import io.kiln.kvstore.transport.Transport;
import io.kiln.kvstore.transport.TransportOptions;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Kiln's allReduce over its transport on Spark's network layer. */
public final class KilnExchange implements Exchange {

    private final Transport transport;
    private final Collectives collectives;
    private final int floats;

    /** Joins the other executor, for arrays of so many floats. */
    public KilnExchange(Link link, int floats) throws IOException {
        GroupId own = GroupId.random();
        String other = link.swap(own.high() + " " + own.low());
        String[] first = (link.rank() == 0 ? own.high() + " " + own.low() : other).split(" ");
        GroupId group = new GroupId(Long.parseLong(first[0]), Long.parseLong(first[1]), 0);
        this.transport = SparkTransport.join(
                Endpoint.ofThisExecutor(),
                group,
                link.rank(),
                2,
                TransportOptions.DEFAULT,
                (g, rank, size, address) -> {
                    String peer = swap(link, address);
                    return rank == 0 ? List.of(address, peer) : List.of(peer, address);
                });
        this.collectives = new Collectives(transport, 0);
        this.floats = floats;
    }

    private static String swap(Link link, String address) {
        try {
            return link.swap(address);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void sum(ByteBuffer array, int step) {
        collectives.allReduce(DType.FLOAT32, HostView.of(array).slice(0, (long) Float.BYTES * floats), step);
    }

    @Override
    public void close() {
        collectives.close();
        transport.close();
    }
}
