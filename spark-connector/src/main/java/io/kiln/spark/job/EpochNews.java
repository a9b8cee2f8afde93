package io.kiln.spark.job;

import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells of epochs as they end: one line of the log each, and a call of the listener.
 *
 * <p>Concurrency: one thread.
 */
final class EpochNews {
    private static final Logger LOG = LoggerFactory.getLogger(EpochNews.class);

    private final String uid;
    private final int most;
    private final String metric;
    private final EpochListener listener;
    private int told;

    /**
     * Begins with the first epoch.
     *
     * @param uid the estimator
     * @param most the last epoch that may come
     * @param metric name of the validation metric
     * @param listener who is told as well
     */
    EpochNews(String uid, int most, String metric, EpochListener listener) {
        this.uid = uid;
        this.most = most;
        this.metric = metric;
        this.listener = listener;
    }

    /** Epochs up to this one are known already. */
    void skip(int epoch) {
        told = Math.max(told, epoch);
    }

    /** The last epoch that is known. */
    int told() {
        return told;
    }

    /** Tells of those reports that are new. */
    void tell(List<EpochReport> reports) {
        for (EpochReport r : reports) {
            if (r.epoch() > told) {
                told = r.epoch();
                LOG.info("{}: {}", uid, line(r));
                listener.epochEnded(r);
            }
        }
    }

    private String line(EpochReport r) {
        StringBuilder line = new StringBuilder(String.format(
                Locale.ROOT,
                "epoch %d of at most %d: loss %.6g, %.0f rows/s, %.1f s",
                r.epoch(),
                most,
                r.loss(),
                r.samplesPerSecond(),
                r.seconds()));
        if (!Double.isNaN(r.validationLoss())) {
            line.append(String.format(Locale.ROOT, ", validation loss %.6g", r.validationLoss()));
        }
        if (!Double.isNaN(r.metric())) {
            line.append(String.format(Locale.ROOT, ", %s %.6g", metric, r.metric()));
        }
        if (r.skipped() > 0) {
            line.append(String.format(Locale.ROOT, ", %d steps skipped, loss scale %.4g", r.skipped(), r.lossScale()));
        }
        return line.toString();
    }
}
