package io.kiln.notes;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code bin/kiln notebook --zeppelin} makes of a Zeppelin: the real server, laid out like a distribution. No paragraph runs. */
class ZeppelinLauncherTest {
    private static final Path PYTHON = Path.of("/usr/bin/python3");

    private final ObjectMapper json = new ObjectMapper();
    private final HttpClient http = HttpClient.newHttpClient();
    private Process process;

    @TempDir
    private Path folder;

    @AfterEach
    void end() throws InterruptedException {
        if (process != null) {
            process.destroy();
            assertTrue(process.waitFor(90, TimeUnit.SECONDS), "the launcher does not end");
        }
    }

    @Test
    void aZeppelinHasTheNotesAndKnowsKilnAndIsForThisMachineAlone() throws Exception {
        Path kept = Files.createDirectories(folder.resolve("own/notebook"))
                .resolve(Note.of(1).file().getFileName());
        String changed = Files.readString(Note.of(1).file()).replace("LeNet: two", "LeNet, as I like it: two");
        Files.writeString(kept, changed);
        int port = freePort();
        String told = launch(distribution(), port);
        assertTrue(told.contains("http://127.0.0.1:" + port), told);

        JsonNode properties = null;
        for (JsonNode setting : get(port, "interpreter/setting")) {
            properties = setting.path("name").asText().equals("spark") ? setting.path("properties") : properties;
        }
        assertEquals("/jars/kiln.jar", properties.at("/spark.jars/value").asText());
        assertEquals(
                Note.root().toString(), properties.at("/spark.kiln.home/value").asText());
        assertEquals("local[3]", properties.at("/spark.master/value").asText());
        assertEquals(
                folder.resolve("spark").toString(),
                properties.at("/SPARK_HOME/value").asText());
        assertEquals("textarea", properties.at("/spark.jars/type").asText(), "what Zeppelin says of a property stays");
        assertEquals("100", properties.at("/zeppelin.other/value").asText());
        assertEquals(Note.all().size(), get(port, "notebook").size());
        assertEquals(changed, Files.readString(kept));

        assertDoesNotThrow(() -> connect(port, "http://127.0.0.1:" + port));
        assertThrows(CompletionException.class, () -> connect(port, "http://elsewhere.example"));

        process.destroy();
        assertTrue(process.waitFor(90, TimeUnit.SECONDS));
        assertThrows(ConnectException.class, () -> get(port, "version"));
    }

    @Test
    void whatIsMissingIsSaid() throws Exception {
        Path home = distribution();
        Files.delete(home.resolve("bin/zeppelin.sh"));
        assertTrue(launch(home, freePort()).contains("is no Zeppelin: there is no bin/zeppelin.sh; set ZEPPELIN_HOME"));
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            String told = launch(distribution(), taken.getLocalPort());
            assertTrue(told.contains("Address already in use; choose another with --port"), told);
        }
    }

    /** A folder like that of a distribution, with the interpreter's description alone. */
    private Path distribution() throws IOException {
        Path home = folder.resolve("zeppelin");
        for (String part : List.of("bin", "conf", "interpreter/spark")) {
            Files.createDirectories(home.resolve(part));
        }
        ZeppelinServer.addWebApplication(home);
        Files.writeString(
                home.resolve("interpreter/spark/interpreter-setting.json"),
                """
                [{"group": "spark", "name": "spark", "className": "%s", "defaultInterpreter": true, "properties": {
                  "spark.jars": {"propertyName": "spark.jars", "defaultValue": "", "description": "jars", "type": "textarea"},
                  "zeppelin.other": {"propertyName": "zeppelin.other", "defaultValue": "100", "description": "", "type": "string"}}}]
                """
                        .formatted(ScalaInterpreter.class.getName()));
        script(
                home.resolve("bin/zeppelin.sh"),
                """
                export ZEPPELIN_WAR="%s" ZEPPELIN_SEARCH_ENABLE=false
                exec "%s/bin/java" --add-opens=java.base/java.lang=ALL-UNNAMED -Xmx300m -Dzeppelin.home="%s" -cp "%s" %s
                """
                        .formatted(
                                home.resolve("web"),
                                System.getProperty("java.home"),
                                home,
                                ZeppelinServer.classPath(),
                                "org.apache.zeppelin.server.ZeppelinServer"));
        script(Files.createDirectories(folder.resolve("spark/bin")).resolve("spark-submit"), "");
        return home;
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Starts the launcher, and tells the line in which it says where Zeppelin is, or what it complains of. */
    private String launch(Path home, int port) throws IOException {
        assumeTrue(Files.isExecutable(PYTHON), "there is no Python");
        ProcessBuilder builder = new ProcessBuilder(
                        PYTHON.toString(),
                        Note.root().resolve("build/zeppelin.py").toString(),
                        "--jars=/jars/kiln.jar",
                        "--port=" + port,
                        "--master=local[3]",
                        "--folder=" + folder.resolve("own"))
                .redirectErrorStream(true)
                .directory(new File("/"));
        builder.environment().put("ZEPPELIN_HOME", home.toString());
        builder.environment().put("SPARK_HOME", folder.resolve("spark").toString());
        process = builder.start();
        BufferedReader said = process.inputReader();
        return String.valueOf(said.readLine());
    }

    private JsonNode get(int port, String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/" + path))
                .build();
        return json.readTree(
                        http.send(request, HttpResponse.BodyHandlers.ofString()).body())
                .path("body");
    }

    /** Connects as a page from somewhere does. */
    private void connect(int port, String origin) {
        http.newWebSocketBuilder()
                .header("Origin", origin)
                .buildAsync(URI.create("ws://127.0.0.1:" + port + "/ws"), new WebSocket.Listener() {})
                .join()
                .abort();
    }

    private static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            return free.getLocalPort();
        }
    }
}
