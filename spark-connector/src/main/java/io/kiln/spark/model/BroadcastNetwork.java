package io.kiln.spark.model;

import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * A trained network that is sent to the executors once, however often a model transforms. Copies of a model share it.
 * It is separate from the network itself: if the broadcast content referred to the broadcast, neither would ever be
 * removed.
 *
 * <p>Concurrency: thread-safe.
 */
public final class BroadcastNetwork {
    private final TrainedNetwork network;
    private Broadcast<TrainedNetwork> broadcast;
    private String application;

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
