package io.kiln.kvstore.transport;

import java.util.List;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.network.client.TransportClientBootstrap;
import org.apache.spark.network.crypto.AuthClientBootstrap;
import org.apache.spark.network.crypto.AuthServerBootstrap;
import org.apache.spark.network.server.TransportServerBootstrap;
import org.apache.spark.network.util.TransportConf;

/**
 * What a transport takes from the Spark application: its configuration, its secret and its certificates. Settings of
 * the network layer can be overridden for Kiln alone under {@code spark.kiln.io.*}.
 *
 * @param conf the application's configuration
 * @param security its secret and TLS settings
 * @param host the address to listen on and to announce
 * @param appId the application's id
 */
public record Endpoint(SparkConf conf, SecurityManager security, String host, String appId) {
    private static final String MODULE = "kiln";

    /**
     * The endpoint of the executor (or driver) that this thread runs in; it listens on the block manager's address.
     *
     * @return the endpoint
     */
    public static Endpoint ofThisExecutor() {
        SparkEnv env = SparkEnv.get();
        return new Endpoint(
                env.conf(),
                env.securityManager(),
                env.blockManager().blockManagerId().host(),
                env.conf().getAppId());
    }

    TransportConf transportConf() {
        SparkConf own = conf.clone().setIfMissing("spark.kiln.io.connectionCreationTimeout", "10s");
        return NetworkSettings.of(own, MODULE, security);
    }

    List<TransportServerBootstrap> serverBootstraps(TransportConf tc) {
        return security.isAuthenticationEnabled() ? List.of(new AuthServerBootstrap(tc, security)) : List.of();
    }

    List<TransportClientBootstrap> clientBootstraps(TransportConf tc) {
        return security.isAuthenticationEnabled() ? List.of(new AuthClientBootstrap(tc, appId, security)) : List.of();
    }
}
