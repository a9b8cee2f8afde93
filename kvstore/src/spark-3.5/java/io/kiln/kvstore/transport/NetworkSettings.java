package io.kiln.kvstore.transport;

import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.network.netty.SparkTransportConf;
import org.apache.spark.network.util.TransportConf;
import scala.Option;

/** The settings of Spark's network layer. Spark 3.5 knows no TLS there. */
final class NetworkSettings {
    private NetworkSettings() {}

    static TransportConf of(SparkConf conf, String module, SecurityManager security) {
        return SparkTransportConf.fromSparkConf(conf, module, 1, Option.apply("executor"));
    }
}
