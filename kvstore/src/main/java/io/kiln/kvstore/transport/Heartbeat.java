package io.kiln.kvstore.transport;

import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Signs of life between a rank and its peers. A rank sends eight to each of the few ranks after it in each span in which it must
 * be heard, and fails the group when one of the few before it is not. Whatever ranks fall silent, a rank that lives watches one
 * of them, and tells all. The other pairs exchange an eighth of that and may be silent eight times as long, which finds
 * connections that broke without the ranks: all pairs at the full rate are n² messages, too many for tens of ranks.
 *
 * <p>In the first eight spans of a group of more than eight, all may be silent so long: connecting all pairs takes a while.
 *
 * <p>Concurrency: beats on one event loop.
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
        // This very process may have stood still: then its ears were closed too.
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

    /** Whether a beat is sent to a rank at this distance. */
    static boolean isDue(int ahead, long beat) {
        return ahead <= NEAR || (ahead + beat) % BEATS == 0;
    }

    /** In how many spans a rank must hear of the one that is so far behind. */
    static int spans(int behind, int ranks, long beat) {
        boolean starting = ranks > MANY && beat <= BEATS * BEATS;
        return behind <= NEAR && !starting ? 1 : BEATS;
    }
}
