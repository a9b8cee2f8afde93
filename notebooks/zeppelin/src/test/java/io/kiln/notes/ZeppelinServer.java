package io.kiln.notes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A Zeppelin in a process of its own on the loopback address, without its pages, with the interpreters of this module as its setting
 * {@code spark}; they run in a further process, which the server starts. It is spoken to as its pages do, by HTTP.
 */
final class ZeppelinServer implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final String GROUP = "kiln";

    private final ObjectMapper json = new ObjectMapper();
    private final HttpClient http = HttpClient.newHttpClient();
    private final Path home;
    private final URI api;
    private final Process process;

    private ZeppelinServer(Path home, int port) throws IOException {
        this.home = home;
        api = URI.create("http://127.0.0.1:" + port + "/api/");
        process = launch(port);
    }

    /**
     * Starts a server.
     *
     * @param home folder for its files, empty
     * @param properties settings of the interpreters
     */
    static ZeppelinServer start(Path home, Properties properties) throws IOException, InterruptedException {
        layOut(home);
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        ZeppelinServer server = new ZeppelinServer(home, port);
        try {
            server.awaitStart();
            server.addSetting(properties);
        } catch (IOException | InterruptedException | RuntimeException e) {
            server.close();
            throw e;
        }
        return server;
    }

    /** What a distribution of Zeppelin would have there: a folder of interpreters, a script that starts one, a web application. */
    private static void layOut(Path home) throws IOException {
        for (String folder : List.of("bin", "conf", "interpreter/" + GROUP, "logs", "notebook")) {
            Files.createDirectories(home.resolve(folder));
        }
        addWebApplication(home);
        Files.writeString(
                home.resolve("interpreter").resolve(GROUP).resolve("interpreter-setting.json"),
                """
                [{"group": "kiln", "name": "spark", "className": "%s", "defaultInterpreter": true, "properties": {}},
                 {"group": "kiln", "name": "md", "className": "%s", "properties": {}}]
                """
                        .formatted(ScalaInterpreter.class.getName(), TextInterpreter.class.getName()));
        Files.writeString(
                home.resolve("conf/interpreter.args"),
                """
                -Xmx1g
                -Djava.awt.headless=true
                -Djava.io.tmpdir=%s
                -cp
                "%s"
                """
                        .formatted(System.getProperty("java.io.tmpdir"), System.getProperty("java.class.path")));
        Path script = Files.writeString(
                home.resolve("bin/interpreter.sh"),
                """
                #!/bin/sh
                while getopts "d:c:p:r:i:l:g:u:v:" option; do
                  case $option in c) host=$OPTARG ;; p) port=$OPTARG ;; r) range=$OPTARG ;; i) group=$OPTARG ;; esac
                done
                exec "%s/bin/java" "@%s" "@%s" %s "$host" "$port" "$group" "$range" >>"%s" 2>&1
                """
                        .formatted(
                                System.getProperty("java.home"),
                                Note.root().resolve("build/spark.jvmargs"),
                                home.resolve("conf/interpreter.args"),
                                "org.apache.zeppelin.interpreter.remote.RemoteInterpreterServer",
                                home.resolve("logs/interpreter.log")));
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Adds an empty web application to a server's folder, in {@code web}. */
    static void addWebApplication(Path home) throws IOException {
        Path folder = Files.createDirectories(home.resolve("web/WEB-INF"));
        Files.writeString(
                folder.resolve("web.xml"), "<web-app xmlns=\"http://java.sun.com/xml/ns/javaee\" version=\"3.0\"/>");
    }

    /** The class path of the server. */
    static String classPath() throws IOException {
        return Files.readString(Note.folder().resolve("server/target/server.classpath"));
    }

    private Process launch(int port) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "-Xmx300m",
                "-Djava.awt.headless=true",
                "-Dzeppelin.home=" + home,
                "-Dzeppelin.conf.dir=" + home.resolve("conf"),
                "-Dzeppelin.server.addr=127.0.0.1",
                "-Dzeppelin.server.port=" + port,
                "-Dzeppelin.war=" + home.resolve("web"),
                "-Dzeppelin.notebook.dir=" + home.resolve("notebook"),
                "-Dzeppelin.notebook.storage=org.apache.zeppelin.notebook.repo.VFSNotebookRepo",
                "-Dzeppelin.search.enable=false",
                "-Dzeppelin.interpreter.dir=" + home.resolve("interpreter"),
                "-Dzeppelin.interpreter.connect.timeout=" + PATIENCE.toMillis(),
                "-cp",
                classPath(),
                "org.apache.zeppelin.server.ZeppelinServer"));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("logs/server.log").toFile());
        builder.environment()
                .put("ZEPPELIN_IDENT_STRING", "notes"); // without it the server waits for its standard input
        builder.environment().put("ZEPPELIN_LOCAL_IP", "127.0.0.1");
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        return builder.start();
    }

    private void awaitStart() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            try {
                call("GET", "version", "");
                return;
            } catch (ConnectException e) {
                if (process.waitFor(200, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline) {
                    throw new IOException("Zeppelin does not start, see " + home.resolve("logs/server.log"), e);
                }
            }
        }
    }

    private void addSetting(Properties properties) throws IOException, InterruptedException {
        ObjectNode setting = json.createObjectNode().put("name", "spark").put("group", GROUP);
        ObjectNode values = setting.putObject("properties");
        for (String name : properties.stringPropertyNames()) {
            values.putObject(name)
                    .put("name", name)
                    .put("value", properties.getProperty(name))
                    .put("type", "string");
        }
        setting.putArray("dependencies");
        setting.putObject("option").put("remote", true).put("perNote", "shared").put("perUser", "shared");
        call("POST", "interpreter/setting", setting.toString());
    }

    /** Adds a note, and tells its identifier there. */
    String add(String zpln) throws IOException, InterruptedException {
        return call("POST", "notebook/import", zpln).asText();
    }

    /** The identifiers of a note's paragraphs. */
    List<String> paragraphs(String note) throws IOException, InterruptedException {
        return call("GET", "notebook/" + note, "").path("paragraphs").findValuesAsText("id");
    }

    /** A paragraph with its status and results. */
    JsonNode paragraph(String note, String id) throws IOException, InterruptedException {
        return call("GET", "notebook/" + note + "/paragraph/" + id, "");
    }

    /** Runs a paragraph and tells its result: {@code code}, and {@code msg} with a {@code type} and {@code data} each. */
    JsonNode run(String note, String id) throws IOException, InterruptedException {
        return call("POST", "notebook/run/" + note + "/" + id, "");
    }

    /** Begins to run a paragraph. */
    void begin(String note, String id) throws IOException, InterruptedException {
        call("POST", "notebook/job/" + note + "/" + id, "");
    }

    /** Cancels a paragraph that runs. */
    void cancel(String note, String id) throws IOException, InterruptedException {
        call("DELETE", "notebook/job/" + note + "/" + id, "");
    }

    /** Waits for a state of a paragraph. */
    void await(String note, String id, Predicate<JsonNode> state) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        JsonNode now = paragraph(note, id);
        while (!state.test(now)) {
            if (process.waitFor(100, TimeUnit.MILLISECONDS) || System.nanoTime() > deadline) {
                throw new IOException("the paragraph does not come to what is expected: " + now);
            }
            now = paragraph(note, id);
        }
    }

    /** What the server says to a call, without its envelope. */
    private JsonNode call(String method, String path, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(api.resolve(path))
                .timeout(PATIENCE)
                .header("Content-Type", "application/json")
                .method(method, BodyPublishers.ofString(body))
                .build();
        HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() >= 400 && !response.body().contains("\"code\"")) {
            throw new IOException("%s %s: %d %s".formatted(method, path, response.statusCode(), response.body()));
        }
        return json.readTree(response.body()).path("body");
    }

    /** Ends the server, and the interpreter that it started. */
    @Override
    public void close() {
        List<ProcessHandle> all = process.descendants().toList();
        process.destroy();
        for (ProcessHandle handle : all) {
            handle.destroy();
        }
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            for (ProcessHandle handle : all) {
                handle.onExit()
                        .orTimeout(20, TimeUnit.SECONDS)
                        .exceptionally(e -> handle)
                        .join();
                handle.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            all.forEach(ProcessHandle::destroyForcibly);
            Thread.currentThread().interrupt();
        }
    }
}
