package io.kiln.benchmarks.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_tag;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_execute;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_wait;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.javacpp.FloatPointer;

/** A primitive with its memory, made once and executed again and again: execute and wait, through the same JNI as Kiln's. */
final class BareCall {

    private final dnnl_engine engine;
    private final dnnl_stream stream;
    private final List<Integer> names = new ArrayList<>();
    private final List<dnnl_memory> memories = new ArrayList<>();
    private final List<Object> kept = new ArrayList<>();
    private dnnl_primitive primitive;
    private dnnl_exec_arg_t arguments;
    private FloatPointer result;

    BareCall(dnnl_engine engine, dnnl_stream stream) {
        this.engine = engine;
        this.stream = stream;
    }

    static dnnl_memory_desc layout(int tag, long... dims) {
        dnnl_memory_desc layout = new dnnl_memory_desc();
        check(dnnl_memory_desc_create_with_tag(layout, dims.length, dims, dnnl_f32, tag));
        return layout;
    }

    static void check(int status) {
        if (status != dnnl_success) {
            throw new IllegalStateException("oneDNN: a call of the benchmark ended with status " + status);
        }
    }

    BareCall input(int name, dnnl_memory_desc layout, float... values) {
        FloatPointer memory = new FloatPointer(dnnl_memory_desc_get_size(layout) / Float.BYTES);
        memory.put(values, 0, values.length);
        return bind(name, layout, memory);
    }

    BareCall output(dnnl_memory_desc layout) {
        result = new FloatPointer(dnnl_memory_desc_get_size(layout) / Float.BYTES);
        return bind(DNNL_ARG_DST, layout, result);
    }

    BareCall bind(int name, dnnl_memory_desc layout, FloatPointer data) {
        dnnl_memory memory = new dnnl_memory();
        check(dnnl_memory_create(memory, layout, engine, data));
        names.add(name);
        memories.add(memory);
        kept.add(data);
        return this;
    }

    BareCall of(dnnl_primitive_desc descriptor) {
        primitive = new dnnl_primitive();
        check(dnnl_primitive_create(primitive, descriptor));
        arguments = new dnnl_exec_arg_t(names.size());
        for (int i = 0; i < names.size(); i++) {
            arguments.position(i).arg(names.get(i)).memory(memories.get(i));
        }
        arguments.position(0);
        return this;
    }

    void run() {
        check(dnnl_primitive_execute(primitive, stream, names.size(), arguments));
        check(dnnl_stream_wait(stream));
    }

    FloatPointer memory() {
        return result;
    }

    float[] result() {
        float[] values = new float[(int) result.limit()];
        result.get(values);
        return values;
    }
}
