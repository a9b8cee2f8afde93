package io.kiln.format;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a safetensors file.
 *
 * @param entries the tensors in the order of their data
 * @param metadata free text by key
 */
record SafeTensorsHeader(List<Entry> entries, Map<String, String> metadata) {
    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(com.fasterxml.jackson.databind.DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final String METADATA = "__metadata__";
    /** The data begin at a multiple of this. */
    private static final int ALIGNMENT = 8;

    /**
     * One tensor.
     *
     * @param name its name
     * @param spec its shape and dtype
     * @param begin where its data begin, counted from the end of the header
     * @param end where they end
     */
    record Entry(String name, Spec spec, long begin, long end) {}

    /** Lays tensors out: wide types first, so that each is aligned, then by name. */
    static SafeTensorsHeader of(Map<String, NDArray> tensors, Map<String, String> metadata) {
        List<Map.Entry<String, NDArray>> order = new ArrayList<>(tensors.entrySet());
        order.sort(Comparator.<Map.Entry<String, NDArray>>comparingInt(
                        e -> -e.getValue().dtype().bytes())
                .thenComparing(Map.Entry::getKey));
        List<Entry> entries = new ArrayList<>();
        long at = 0;
        for (Map.Entry<String, NDArray> e : order) {
            if (e.getKey().equals(METADATA)) {
                throw new IllegalArgumentException("safetensors: no tensor may be called " + METADATA);
            }
            Spec spec = e.getValue().spec();
            long end = Math.addExact(
                    at, Math.multiplyExact(spec.shape().size(), spec.dtype().bytes()));
            entries.add(new Entry(e.getKey(), spec, at, end));
            at = end;
        }
        return new SafeTensorsHeader(entries, metadata);
    }

    byte[] toBytes() throws IOException {
        ObjectNode json = MAPPER.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode m = json.putObject(METADATA);
            metadata.forEach(m::put);
        }
        for (Entry e : entries) {
            ObjectNode o = json.putObject(e.name()).put("dtype", code(e.spec().dtype()));
            ArrayNode shape = o.putArray("shape");
            for (long d : e.spec().shape().dims()) {
                shape.add(d);
            }
            o.putArray("data_offsets").add(e.begin()).add(e.end());
        }
        byte[] text = MAPPER.writeValueAsBytes(json);
        byte[] padded = Arrays.copyOf(text, (text.length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        Arrays.fill(padded, text.length, padded.length, (byte) ' ');
        return padded;
    }

    /** Reads a header and checks that its tensors fill {@code dataBytes} without gap or overlap. */
    static SafeTensorsHeader parse(byte[] text, long dataBytes) throws IOException {
        JsonNode json = json(text);
        List<Entry> entries = new ArrayList<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> field : json.properties()) {
            if (field.getKey().equals(METADATA)) {
                readMetadata(field.getValue(), metadata);
            } else {
                entries.add(entry(field.getKey(), field.getValue()));
            }
        }
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long at = 0;
        for (Entry e : entries) {
            if (e.begin() != at) {
                throw damaged("the data of " + e.name() + " begin at " + e.begin() + ", the data before end at " + at);
            }
            at = e.end();
        }
        if (at != dataBytes) {
            throw damaged("the tensors need " + at + " bytes of data, the file has " + dataBytes);
        }
        return new SafeTensorsHeader(entries, metadata);
    }

    private static JsonNode json(byte[] text) throws IOException {
        try {
            String s = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(java.nio.ByteBuffer.wrap(text))
                    .toString();
            JsonNode json = s.startsWith("{") ? MAPPER.readTree(s) : null;
            if (json == null || !json.isObject()) {
                throw damaged("the header is no JSON object");
            }
            return json;
        } catch (CharacterCodingException e) {
            throw new IOException("safetensors: the header is not UTF-8", e);
        } catch (JsonProcessingException e) {
            throw new IOException("safetensors: the header is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static void readMetadata(JsonNode node, Map<String, String> metadata) throws IOException {
        if (!node.isObject()) {
            throw damaged(METADATA + " must be an object, got " + node.getNodeType());
        }
        for (Map.Entry<String, JsonNode> m : node.properties()) {
            if (!m.getValue().isTextual()) {
                throw damaged(METADATA + "." + m.getKey() + " must be text, got "
                        + m.getValue().getNodeType());
            }
            metadata.put(m.getKey(), m.getValue().textValue());
        }
    }

    private static Entry entry(String name, JsonNode o) throws IOException {
        DType dtype = dtype(name, o.path("dtype"));
        Shape shape;
        long bytes;
        try {
            shape = Shape.of(naturals(name, "shape", o.path("shape")));
            bytes = Math.multiplyExact(shape.size(), (long) dtype.bytes());
        } catch (ShapeException | ArithmeticException e) {
            throw new IOException("safetensors: the size of " + name + " is out of range: " + e.getMessage(), e);
        }
        long[] offsets = naturals(name, "data_offsets", o.path("data_offsets"));
        if (offsets.length != 2 || offsets[1] < offsets[0] || offsets[1] - offsets[0] != bytes) {
            throw damaged(name + " is " + dtype + shape + " and needs " + bytes + " bytes, its data_offsets are "
                    + Arrays.toString(offsets));
        }
        return new Entry(name, new Spec(shape, dtype), offsets[0], offsets[1]);
    }

    private static long[] naturals(String name, String field, JsonNode list) throws IOException {
        if (!list.isArray()) {
            throw damaged(field + " of " + name + " must be a list, got " + list.getNodeType());
        }
        long[] values = new long[list.size()];
        for (int i = 0; i < values.length; i++) {
            JsonNode v = list.get(i);
            if (!v.isIntegralNumber() || !v.canConvertToLong() || v.longValue() < 0) {
                throw damaged(field + " of " + name + " must hold integers from 0 to 2^63-1, got " + v);
            }
            values[i] = v.longValue();
        }
        return values;
    }

    private static DType dtype(String name, JsonNode code) throws IOException {
        for (DType t : DType.values()) {
            if (code(t).equals(code.textValue())) {
                return t;
            }
        }
        throw damaged("the dtype of " + name + " is " + code + "; Kiln has BOOL, U8, I32, I64, F16, BF16, F32 and F64");
    }

    private static String code(DType t) {
        return switch (t) {
            case BOOL -> "BOOL";
            case UINT8 -> "U8";
            case INT32 -> "I32";
            case INT64 -> "I64";
            case FLOAT16 -> "F16";
            case BFLOAT16 -> "BF16";
            case FLOAT32 -> "F32";
            case FLOAT64 -> "F64";
        };
    }

    static IOException damaged(String what) {
        return new IOException("safetensors: " + what);
    }
}
