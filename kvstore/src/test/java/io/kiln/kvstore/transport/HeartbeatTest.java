package io.kiln.kvstore.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeartbeatTest {
    @ParameterizedTest
    @ValueSource(ints = {2, 4, 5, 64})
    void everyRankIsToldEightTimesInTheTimeInWhichItMustHear(int ranks) {
        for (int ahead = 1; ahead < ranks; ahead++) {
            int distance = ahead;
            // The one that is told stands so far ahead, so this one is so far behind it.
            int spans = Heartbeat.spans(distance, ranks, Long.MAX_VALUE);
            for (int first = 1; first < 20; first++) {
                long told = IntStream.range(first, first + Heartbeat.BEATS * spans)
                        .filter(b -> Heartbeat.isDue(distance, b))
                        .count();
                assertEquals(Heartbeat.BEATS, told);
            }
        }
    }

    @Test
    void onlyLargeGroupsAreGivenTimeToStart() {
        assertEquals(1, Heartbeat.spans(1, 2, 1));
        assertEquals(Heartbeat.BEATS, Heartbeat.spans(1, 64, 1));
        assertEquals(1, Heartbeat.spans(1, 64, 1000));
    }

    @Test
    void sixtyFourRanksSendAFewMessagesAtABeatAndNotToAll() {
        for (int beat = 1; beat < 30; beat++) {
            int b = beat;
            long told = IntStream.range(1, 64)
                    .filter(ahead -> Heartbeat.isDue(ahead, b))
                    .count();
            assertTrue(told <= Heartbeat.NEAR + 8, told + " messages");
        }
    }
}
