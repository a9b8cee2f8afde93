package io.kiln.kvstore.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PeerTest {
    @Test
    void memoryThatDoesNotComeBackIsWaitedForUntilADeadlineAndNamesThePeer() {
        Peer peer = new Peer(null, 3);
        peer.address("10.0.0.7:4711");
        MessageHeader head = new MessageHeader(MessageHeader.Kind.DATA, GroupId.random(), 3, 0, 1, 0, 64);
        Peer.Incoming message = peer.begin(head);
        assertEquals(64, peer.lend(message, 100).remaining());
        long deadline = TimeUnit.MILLISECONDS.toNanos(30);
        String said = assertThrows(IllegalStateException.class, () -> peer.cancel(deadline))
                .getMessage();
        assertTrue(said.contains("rank 3 (10.0.0.7:4711)") && said.contains("30 ms"), said);
        peer.takeBack();
        peer.cancel(deadline);
    }
}
