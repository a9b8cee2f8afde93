package io.kiln.spark.ui;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ml.NetClassifier;
import io.kiln.nn.Dense;
import io.kiln.nn.Sequential;
import io.kiln.op.activation.Activation;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.spark.SparkConf;
import org.apache.spark.deploy.history.FsHistoryProvider;
import org.apache.spark.deploy.history.HistoryServer;
import org.apache.spark.deploy.history.HistoryServer$;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The tab in the UI of an application, and in a history server that replays its event log. */
class KilnTabTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path logs;

    private final HttpClient client =
            HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NORMAL).build();

    private SparkSession.Builder builder() {
        return SparkSession.builder()
                .master("local[2]")
                .appName("kiln-ui-test")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.ui.port", "0")
                .config("spark.eventLog.enabled", "true")
                .config("spark.eventLog.compress", "false")
                .config("spark.eventLog.rolling.enabled", "false")
                .config("spark.eventLog.dir", logs.toUri().toString());
    }

    private static Dataset<Row> data(SparkSession spark) {
        Random random = new Random(3);
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int label = i % 2;
            double[] x = {label + random.nextGaussian() / 3, random.nextGaussian()};
            rows.add(RowFactory.create(Vectors.dense(x), (double) label, i % 5 == 0));
        }
        return spark.createDataFrame(
                rows,
                new StructType()
                        .add("features", new VectorUDT())
                        .add("label", DataTypes.DoubleType)
                        .add("held", DataTypes.BooleanType));
    }

    private static NetClassifier classifier() {
        return new NetClassifier()
                .setNetwork(new Sequential(new Dense(8, Activation.TANH), new Dense(2)))
                .setValidationIndicatorCol("held")
                .setNumWorkers(2)
                .setMaxEpochs(3)
                .setSeed(5);
    }

    private HttpResponse<String> get(String url) throws IOException, InterruptedException {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(url)).timeout(PATIENCE).build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private String page(String url) throws IOException, InterruptedException {
        HttpResponse<String> answer = get(url);
        assertEquals(200, answer.statusCode(), url + ": " + answer.body());
        return answer.body();
    }

    private static String link(String page) {
        assertTrue(page.contains("/kiln/fit/?id="), page);
        return page.replaceAll("(?s).*href=\"([^\"]*/kiln/fit/\\?id=[^\"]*)\".*", "$1");
    }

    private static void checkFit(String page) {
        for (String part : List.of(
                "finished",
                "3 of 3",
                "Loss by epoch",
                "Validation accuracy by epoch",
                "Loss by step",
                "Time",
                "exchange",
                "marker id=\"tip\"",
                "maxEpochs",
                "fingerprint of the rows",
                "keeps the weights of epoch 3")) {
            assertTrue(page.contains(part), "no " + part + " in " + page);
        }
    }

    @Test
    void theTabComesWithTheFirstFitAndTheHistoryServerHasItToo() throws Exception {
        String id;
        try (SparkSession spark = builder().getOrCreate()) {
            id = spark.sparkContext().applicationId();
            String ui = spark.sparkContext().uiWebUrl().get();
            assertFalse(page(ui + "/jobs/").contains("/kiln/"));
            for (int i = 0; i < 2; i++) {
                classifier().fit(data(spark));
            }
            spark.sparkContext().listenerBus().waitUntilEmpty(PATIENCE.toMillis());
            assertTrue(page(ui + "/jobs/").contains("/kiln/"));
            String list = page(ui + "/kiln/");
            assertTrue(list.contains("Ended (2)") && list.contains("netClassifier_"), list);
            assertEquals(1, list.split(">Kiln</a>", -1).length - 1, "one tab");
            checkFit(page(ui + link(list)));
            assertTrue(page(ui + "/kiln/fit/?id=%3Cscript%3E").contains("There is no such fit."));
        }
        replay(id);
    }

    private void replay(String id) throws IOException, InterruptedException {
        SparkConf conf = new SparkConf(false)
                .set("spark.history.fs.logDirectory", logs.toUri().toString())
                .set("spark.history.fs.update.interval", "1s")
                .set("spark.history.ui.port", "0");
        FsHistoryProvider provider = new FsHistoryProvider(conf);
        HistoryServer server = new HistoryServer(conf, provider, HistoryServer$.MODULE$.createSecurityManager(conf), 0);
        server.initialize();
        server.bind();
        provider.start();
        try {
            String url = "http://127.0.0.1:" + server.boundPort();
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            while (!page(url + "/api/v1/applications").contains(id) && System.nanoTime() < deadline) {
                Thread.onSpinWait();
            }
            assertTrue(page(url + "/history/" + id + "/jobs/").contains("/kiln/"));
            String list = page(url + "/history/" + id + "/kiln/");
            assertTrue(list.contains("Ended (2)"), list);
            assertTrue(link(list).startsWith("/history/" + id), link(list));
            checkFit(page(url + link(list)));
        } finally {
            server.stop();
        }
    }

    @Test
    void thePluginShowsTheTabFromTheStart() throws Exception {
        try (SparkSession spark =
                builder().config("spark.plugins", KilnPlugin.class.getName()).getOrCreate()) {
            String ui = spark.sparkContext().uiWebUrl().get();
            assertTrue(page(ui + "/jobs/").contains("/kiln/"));
            assertTrue(page(ui + "/kiln/").contains("No fits yet."));
            classifier().fit(data(spark));
            spark.sparkContext().listenerBus().waitUntilEmpty(PATIENCE.toMillis());
            String list = page(ui + "/kiln/");
            assertTrue(list.contains("Ended (1)"), list);
            assertEquals(1, list.split(">Kiln</a>", -1).length - 1, "one tab");
        }
    }

    @Test
    void withoutAUiFitsRunAsWell() throws Exception {
        try (SparkSession spark = builder()
                .config("spark.ui.enabled", "false")
                .config("spark.plugins", KilnPlugin.class.getName())
                .getOrCreate()) {
            assertTrue(spark.sparkContext().ui().isEmpty());
            assertEquals(3, classifier().fit(data(spark)).summary().epochs().size());
        }
    }
}
