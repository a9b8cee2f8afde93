package io.kiln.view;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes the Trace Event Format: complete events ({@code "ph":"X"}), times in µs since the first one. Source: N. Duca, D.
 * Sinclair: Trace Event Format, Google.
 */
final class ChromeTrace {
    private static final int PROCESS = 1;

    private ChromeTrace() {}

    static void write(Path file, List<Profiler.Event> events) throws IOException {
        try (Writer writer = Files.newBufferedWriter(file);
                JsonGenerator json = new JsonFactory().createGenerator(writer)) {
            json.writeStartObject();
            json.writeStringField("displayTimeUnit", "ms");
            json.writeArrayFieldStart("traceEvents");
            Map<Long, String> threads = new LinkedHashMap<>();
            events.forEach(e -> threads.put(e.thread().number(), e.thread().name()));
            for (Map.Entry<Long, String> t : threads.entrySet()) {
                threadName(json, t.getKey(), t.getValue());
            }
            long first = events.stream().mapToLong(e -> e.time().start()).min().orElse(0);
            for (Profiler.Event e : events) {
                event(json, e, first);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
    }

    private static void threadName(JsonGenerator json, long thread, String name) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", "thread_name");
        json.writeStringField("ph", "M");
        json.writeNumberField("pid", PROCESS);
        json.writeNumberField("tid", thread);
        json.writeObjectFieldStart("args");
        json.writeStringField("name", name);
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void event(JsonGenerator json, Profiler.Event e, long first) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", e.name());
        json.writeStringField("cat", e.category());
        json.writeStringField("ph", "X");
        json.writeNumberField("pid", PROCESS);
        json.writeNumberField("tid", e.thread().number());
        json.writeNumberField("ts", (e.time().start() - first) / 1e3);
        json.writeNumberField("dur", e.time().nanos() / 1e3);
        json.writeObjectFieldStart("args");
        json.writeStringField("place", e.place());
        json.writeNumberField("flops", e.work().flops());
        json.writeNumberField("bytes", e.work().bytes());
        json.writeEndObject();
        json.writeEndObject();
    }
}
