package io.kiln.kvstore.transport;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Signs of life between a rank and its peers: sends eight in each span in which a peer must be heard, and fails the group when one
 * was not.
 *
 * <p>Concurrency: beats on one event loop.
 */
final class Heartbeat {
    private static final int BEATS = 8;
    private static final long LEAST_MILLIS = 20;

    private final SparkTransport owner;
    private final long silence;
    private ScheduledFuture<?> schedule;
    private long last;

    Heartbeat(SparkTransport owner, Duration silence) {
        this.owner = owner;
        this.silence = silence.toNanos();
    }

    void start(EventLoop loop) {
        long period = Math.max(LEAST_MILLIS, TimeUnit.NANOSECONDS.toMillis(silence) / BEATS);
        last = System.nanoTime();
        schedule = loop.scheduleAtFixedRate(this::beat, period, period, TimeUnit.MILLISECONDS);
    }

    void stop() {
        if (schedule != null) {
            schedule.cancel(false);
        }
    }

    private void beat() {
        if (owner.isOver()) {
            return;
        }
        long now = System.nanoTime();
        // This very process may have stood still: then its ears were closed too.
        long lost = now - last - silence / BEATS;
        boolean awake = lost < silence / 4;
        last = now;
        for (Peer p : owner.others()) {
            p.tell(MessageHeader.Kind.HEARTBEAT);
            if (!awake) {
                p.heard();
            } else if (!p.departed() && now - p.lastHeard() > silence) {
                owner.fail(
                        p.rank,
                        String.format(Locale.ROOT, "no sign of life for %d ms", (now - p.lastHeard()) / 1_000_000));
            }
        }
    }
}
