package io.kiln.spark.model;

import java.io.Serializable;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * A value that is sent to an application's executors once, however often it is used there. The broadcast content must not
 * refer to this object: then neither would ever be removed. Serialized, as with a model in a closure, it takes the value
 * along, without the broadcast.
 *
 * <p>Concurrency: thread-safe.
 *
 * @param <T> the type of the value, which is not changed any more
 */
public final class SentOnce<T> implements Serializable {
    private static final long serialVersionUID = 1L;

    @SuppressWarnings("serial") // values are serializable where models with them are
    private final T value;

    private transient Broadcast<T> broadcast;
    private transient String application;

    /**
     * Creates one that has not been sent yet.
     *
     * @param value the value
     */
    public SentOnce(T value) {
        this.value = value;
    }

    /**
     * The value on the driver.
     *
     * @return the value
     */
    public T value() {
        return value;
    }

    /**
     * The value on executors.
     *
     * @param session the session of the executors
     * @return the broadcast variable; Spark removes it when nothing refers to it, neither this nor a DataFrame
     */
    public synchronized Broadcast<T> on(SparkSession session) {
        String id = session.sparkContext().applicationId();
        if (!id.equals(application)) {
            broadcast =
                    JavaSparkContext.fromSparkContext(session.sparkContext()).broadcast(value);
            application = id;
        }
        return broadcast;
    }
}
