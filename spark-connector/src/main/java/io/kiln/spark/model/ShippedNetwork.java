package io.kiln.spark.model;

import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * A trained network that is sent to the executors once, however often a model transforms. Copies of a model share it. It is
 * apart from the network itself: what Spark's storage holds must not hold the broadcast, or neither would ever be removed.
 *
 * <p>Concurrency: thread-safe.
 */
public final class ShippedNetwork {
    private final TrainedNetwork network;
    private Broadcast<TrainedNetwork> broadcast;
    private String application;

    /**
     * Makes one that was not sent yet.
     *
     * @param network the network
     */
    public ShippedNetwork(TrainedNetwork network) {
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
     * @param session whose executors
     * @return the broadcast variable; removed by Spark when neither model nor DataFrame refer to it
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
