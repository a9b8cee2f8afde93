package io.kiln.kvstore.transport;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;

/** A self-signed certificate made by the JDK's keytool, as PEM files and as key store. */
public record Certificates(Path keyStore, Path privateKey, Path certificate) {
    static final String PASSWORD = "changeit";

    public static Certificates make(Path folder) throws IOException, InterruptedException, GeneralSecurityException {
        Path store = folder.resolve("keys.p12");
        Process p = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "kiln",
                        "-keyalg",
                        "RSA",
                        "-keysize",
                        "2048",
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "san=ip:127.0.0.1,dns:localhost",
                        "-validity",
                        "2",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        PASSWORD,
                        "-keypass",
                        PASSWORD)
                .inheritIO()
                .start();
        if (!p.waitFor(60, TimeUnit.SECONDS) || p.exitValue() != 0) {
            throw new IOException("keytool did not make " + store);
        }
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        Path key = folder.resolve("key.pem");
        Path cert = folder.resolve("cert.pem");
        Files.writeString(
                key,
                pem("PRIVATE KEY", keys.getKey("kiln", PASSWORD.toCharArray()).getEncoded()));
        Files.writeString(cert, pem("CERTIFICATE", keys.getCertificate("kiln").getEncoded()));
        return new Certificates(store, key, cert);
    }

    private static String pem(String kind, byte[] der) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n";
    }

    /** TLS by OpenSSL, which takes PEM files. */
    public SparkConf openSsl(SparkConf conf) {
        return conf.set("spark.ssl.rpc.enabled", "true")
                .set("spark.ssl.rpc.openSslEnabled", "true")
                .set("spark.ssl.rpc.privateKey", privateKey.toString())
                .set("spark.ssl.rpc.certChain", certificate.toString())
                .set("spark.ssl.rpc.trustStore", keyStore.toString())
                .set("spark.ssl.rpc.trustStorePassword", PASSWORD);
    }

    /** TLS by the JDK, which takes key stores. */
    public SparkConf jdkSsl(SparkConf conf) {
        return conf.set("spark.ssl.rpc.enabled", "true")
                .set("spark.ssl.rpc.keyStore", keyStore.toString())
                .set("spark.ssl.rpc.keyStorePassword", PASSWORD)
                .set("spark.ssl.rpc.keyPassword", PASSWORD)
                .set("spark.ssl.rpc.keyStoreType", "PKCS12")
                .set("spark.ssl.rpc.trustStore", keyStore.toString())
                .set("spark.ssl.rpc.trustStorePassword", PASSWORD)
                .set("spark.ssl.rpc.trustStoreType", "PKCS12");
    }
}
