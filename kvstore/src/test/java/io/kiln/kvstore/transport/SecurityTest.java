package io.kiln.kvstore.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.kvstore.Ranks;
import io.kiln.kvstore.collective.Collectives;
import io.kiln.kvstore.transport.MessageHeader.Kind;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.HostView;
import io.kiln.ndarray.internal.Memory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.spark.SparkConf;
import org.apache.spark.network.TransportContext;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.client.TransportClientFactory;
import org.apache.spark.network.server.NoOpRpcHandler;
import org.apache.spark.network.util.TransportConf;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(180)
@TestInstance(Lifecycle.PER_CLASS)
class SecurityTest {
    private static final TransportOptions OPTIONS = TransportOptions.DEFAULT.withTimeout(Duration.ofSeconds(60));
    private Certificates certificates;

    /** Ways to protect an application. */
    enum Protection {
        SECRET,
        SECRET_AND_ENCRYPTION,
        TLS_OPENSSL,
        TLS_JDK,
        TLS_AND_SECRET;

        SparkConf conf(Certificates certificates) {
            SparkConf c = new SparkConf(false);
            if (this == TLS_OPENSSL || this == TLS_AND_SECRET) {
                certificates.openSsl(c);
            }
            if (this == TLS_JDK) {
                certificates.jdkSsl(c);
            }
            if (this == SECRET || this == SECRET_AND_ENCRYPTION || this == TLS_AND_SECRET) {
                c.set("spark.authenticate", "true").set("spark.authenticate.secret", "open sesame");
            }
            if (this == SECRET_AND_ENCRYPTION) {
                c.set("spark.network.crypto.enabled", "true");
            }
            return c;
        }
    }

    @BeforeAll
    void makeCertificates(@TempDir Path folder) throws Exception {
        certificates = Certificates.make(folder);
    }

    private static void sumUp(Transport t) {
        int n = 1_000_000;
        HostView x = HostView.allocate(4L * n);
        try (Collectives c = new Collectives(t, 0)) {
            for (int i = 0; i < n; i++) {
                Memory.putFloat(x.address() + 4L * i, i + t.rank());
            }
            c.allReduce(DType.FLOAT32, x.slice(0, 4L * n), 0);
            for (int i = 0; i < n; i += 997) {
                assertEquals(2f * i + 1, Memory.getFloat(x.address() + 4L * i));
            }
        } finally {
            x.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void ranksOfOneApplicationUnderstandEachOther(Protection p) throws Exception {
        for (Future<Object> f : Ranks.start(2, p.conf(certificates), OPTIONS, t -> {
            sumUp(t);
            return null;
        })) {
            f.get();
        }
    }

    /** A stranger that knows everything but the secret tries to end the group. */
    private static void attack(Endpoint stranger, SparkTransport victim, GroupId group) {
        TransportConf tc = stranger.transportConf();
        try (TransportContext context = new TransportContext(tc, new NoOpRpcHandler(), false, false);
                TransportClientFactory factory = context.createClientFactory(stranger.clientBootstraps(tc))) {
            String address = victim.address();
            int colon = address.lastIndexOf(':');
            TransportClient c =
                    factory.createClient(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
            byte[] reason = "rank 1 failed: ha ha".getBytes(StandardCharsets.UTF_8);
            ByteBuffer m = new MessageHeader(Kind.ABORT, group, 1, 0, 1, 0, reason.length).encode(reason.length);
            c.send(m.put(reason).flip());
            // Answered (badly) after the message before it has been dealt with, if at all.
            assertThrows(Exception.class, () -> c.sendRpcSync(ByteBuffer.wrap(reason), 5000));
            throw new IllegalStateException("heard out");
        } catch (Exception e) {
            if ("heard out".equals(e.getMessage())) {
                return;
            }
            // Refused at the door.
        }
    }

    private static void strangerIsRefused(SparkConf application, SparkConf stranger) throws Exception {
        for (Future<Object> f : Ranks.start(2, application, OPTIONS, t -> {
            if (t.rank() == 0) {
                SparkTransport victim = (SparkTransport) t;
                attack(Ranks.endpoint(stranger), victim, victim.group());
            }
            sumUp(t);
            return null;
        })) {
            f.get();
        }
    }

    @Test
    void theAttackOfTheseTestsWorksForAnInsider() throws Exception {
        SparkConf conf = Protection.SECRET.conf(certificates);
        for (Future<Object> f : Ranks.start(2, conf, OPTIONS, t -> {
            if (t.rank() == 0) {
                SparkTransport victim = (SparkTransport) t;
                attack(Ranks.endpoint(conf), victim, victim.group());
            }
            sumUp(t);
            return null;
        })) {
            Throwable e = assertThrows(ExecutionException.class, f::get).getCause();
            assertTrue(e.getMessage().contains("ha ha"), e.toString());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aStrangerWithoutSecretOrCertificateIsRefused(Protection p) throws Exception {
        strangerIsRefused(p.conf(certificates), new SparkConf(false));
    }

    @ParameterizedTest
    @EnumSource(names = {"SECRET", "SECRET_AND_ENCRYPTION", "TLS_AND_SECRET"})
    void aStrangerWithAWrongSecretIsRefused(Protection p) throws Exception {
        strangerIsRefused(p.conf(certificates), p.conf(certificates).set("spark.authenticate.secret", "open barley"));
    }

    @Test
    void aMessageOfAnotherGroupOrAttemptIsRefusedEvenWithoutASecret() throws Exception {
        SparkConf open = new SparkConf(false);
        for (Future<Object> f : Ranks.start(2, open, OPTIONS, t -> {
            if (t.rank() == 0) {
                SparkTransport victim = (SparkTransport) t;
                attack(Ranks.endpoint(open), victim, GroupId.random());
                attack(Ranks.endpoint(open), victim, victim.group().attempt(9));
            }
            sumUp(t);
            return null;
        })) {
            f.get();
        }
    }
}
