package io.kiln.kvstore.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import java.nio.ByteBuffer;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.spark.network.buffer.NioManagedBuffer;
import org.apache.spark.network.client.RpcResponseCallback;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.protocol.UploadStream;

/**
 * Sends native memory as Spark's {@code UploadStream} message. Spark's own encoder writes the header as a separate
 * packet and the body in pieces of 256 KiB; here both go to the socket, or to the encryption before it, in one write.
 */
final class Upload {
    private static final int FRAME_LENGTH_BYTES = 8;

    private Upload() {}

    /**
     * Sends a message.
     *
     * @param client the connection
     * @param head the message's header
     * @param body native memory, not to be changed until done
     * @param done runs once when the memory is no longer read, whether or not it was sent
     */
    static void send(TransportClient client, ByteBuffer head, ByteBuffer body, Runnable done) {
        long id = ThreadLocalRandom.current().nextLong(Long.MAX_VALUE);
        Channel channel = client.getChannel();
        UploadStream message = new UploadStream(id, new NioManagedBuffer(head), new NioManagedBuffer(body));
        int length = FRAME_LENGTH_BYTES + message.type().encodedLength() + message.encodedLength();
        ByteBuf frame = channel.alloc().directBuffer(length);
        frame.writeLong(length);
        message.type().encode(frame);
        message.encode(frame);
        // The receiver answers each upload; a failure means that it has closed the connection.
        client.getHandler().addRpcRequest(id, new Answer(channel));
        ByteBuf content = Unpooled.wrappedBuffer(body);
        try {
            channel.eventLoop().execute(() -> {
                channel.write(frame);
                channel.writeAndFlush(content).addListener(written -> {
                    if (!written.isSuccess()) {
                        client.removeRpcRequest(id);
                    }
                    done.run();
                });
            });
        } catch (RejectedExecutionException closed) {
            client.removeRpcRequest(id);
            frame.release();
            done.run();
        }
    }

    private record Answer(Channel channel) implements RpcResponseCallback {
        @Override
        public void onSuccess(ByteBuffer response) {
            // The receiver has everything; the memory has been free since it was written.
        }

        @Override
        public void onFailure(Throwable e) {
            channel.close();
        }
    }
}
