package io.kiln.spark.model;

import java.io.Serializable;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * A trained network that is sent to the executors once, however often a model transforms. Copies of a model share it.
 * It is separate from the network itself: if the broadcast content referred to the broadcast, neither would ever be
 * removed. Like MLlib's models, one that is used in a closure takes its weights along, without the broadcast.
 *
 * <p>Concurrency: thread-safe.
 */
public final class BroadcastNetwork implements Serializable {
    private static final long serialVersionUID = 1L;

    private final TrainedNetwork network;
    private transient Broadcast<TrainedNetwork> broadcast;
    private transient String application;

    /**
     * Creates one that has not been sent yet.
     *
     * @param network the network
     */
    public BroadcastNetwork(TrainedNetwork network) {
        this.network = network;
    }

    /**
     * The network on the driver.
     *
     * @return the network
     */
    public TrainedNetwork network() {
        return network;
    }

    /**
     * The network on executors.
     *
     * @param session the session of the executors
     * @return the broadcast variable; Spark removes it when neither model nor DataFrame refers to it
     */
    public synchronized Broadcast<TrainedNetwork> on(SparkSession session) {
        String id = session.sparkContext().applicationId();
        if (!id.equals(application)) {
            broadcast =
                    JavaSparkContext.fromSparkContext(session.sparkContext()).broadcast(network);
            application = id;
        }
        return broadcast;
    }
}
