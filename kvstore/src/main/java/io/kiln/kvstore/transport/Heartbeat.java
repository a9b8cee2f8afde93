package io.kiln.kvstore.transport;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Heartbeats between a rank and its peers. A rank sends eight per timeout to each of the few ranks after it, and fails
 * the group when one of the few ranks before it stays silent for a timeout. Whichever ranks fall silent, some live rank
 * watches one of them and tells all. All other pairs exchange an eighth of that and may be silent eight times as long,
 * which detects connections that broke while their ranks live: heartbeats between all pairs at the full rate would be
 * n² messages, too many for tens of ranks.
 *
 * <p>In the first eight timeouts of a group of more than eight, all ranks may be silent that long, because connecting
 * all pairs takes a while.
 *
 * <p>Concurrency: runs on one event loop.
 */
final class Heartbeat {
    static final int BEATS = 8;
    static final int NEAR = 3;
    private static final int MANY = 8;
    private static final long MIN_MILLIS = 20;

    private final SparkTransport owner;
    private final long heartbeatTimeout;
    private ScheduledFuture<?> schedule;
    private long last;
    private long beats;

    Heartbeat(SparkTransport owner, Duration heartbeatTimeout) {
        this.owner = owner;
        this.heartbeatTimeout = heartbeatTimeout.toNanos();
    }

    void start(EventLoop loop) {
        long period = Math.max(MIN_MILLIS, TimeUnit.NANOSECONDS.toMillis(heartbeatTimeout) / BEATS);
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
        // If this process itself was suspended, it could not hear the others either.
        long lost = now - last - heartbeatTimeout / BEATS;
        boolean awake = lost < heartbeatTimeout / 4;
        last = now;
        beats++;
        for (Peer p : owner.others()) {
            int ahead = Math.floorMod(p.rank - owner.rank(), owner.size());
            if (isDue(ahead, beats)) {
                p.tell(MessageHeader.Kind.HEARTBEAT);
            }
            long allowed = heartbeatTimeout * spans(owner.size() - ahead, owner.size(), beats);
            if (!awake) {
                p.heard();
            } else if (p.greeted() && !p.departed() && now - p.lastHeard() > allowed) {
                owner.fail(
                        p.rank,
                        String.format(Locale.ROOT, "no sign of life for %d ms", (now - p.lastHeard()) / 1_000_000));
            }
        }
    }

    /** Whether this beat is sent to a rank at this distance. */
    static boolean isDue(int ahead, long beat) {
        return ahead <= NEAR || (ahead + beat) % BEATS == 0;
    }

    /** The number of timeouts within which a rank must hear from the one this far behind. */
    static int spans(int behind, int ranks, long beat) {
        boolean starting = ranks > MANY && beat <= BEATS * BEATS;
        return behind <= NEAR && !starting ? 1 : BEATS;
    }
}
