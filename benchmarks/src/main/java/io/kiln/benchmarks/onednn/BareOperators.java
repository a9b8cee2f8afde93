package io.kiln.benchmarks.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_0;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_1;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.dnnl_ab;
import static org.bytedeco.dnnl.global.dnnl.dnnl_abcd;
import static org.bytedeco.dnnl.global.dnnl.dnnl_acdb;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_add;
import static org.bytedeco.dnnl.global.dnnl.dnnl_binary_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_direct;
import static org.bytedeco.dnnl.global.dnnl.dnnl_convolution_forward_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_cpu;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_engine_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_format_tag_any;
import static org.bytedeco.dnnl.global.dnnl.dnnl_forward_training;
import static org.bytedeco.dnnl.global.dnnl.dnnl_matmul_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_exec_arg_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_default_flags;
import static org.bytedeco.dnnl.global.dnnl.dnnl_stream_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_version;

import io.kiln.backend.Backends;
import io.kiln.benchmarks.Contender;
import io.kiln.benchmarks.Facts;
import io.kiln.benchmarks.Operators;
import io.kiln.benchmarks.Setup;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_stream;

/**
 * The operators of {@link Operators} as bare calls of oneDNN from Java: primitives, memory and stream are made once, a call is
 * execute and wait. No array is made for the result, and the weights of the convolution stand in the layout that oneDNN likes.
 */
public final class BareOperators implements Contender {

    private final dnnl_engine engine = new dnnl_engine();
    private final dnnl_stream stream = new dnnl_stream();
    private final Map<String, BareCall> calls = new HashMap<>();

    @Override
    public Facts setup(Setup setup) {
        Backends.current().setThreads(setup.threads()); // loads oneDNN as Kiln does, with the same OpenMP
        BareCall.check(dnnl_engine_create(engine, dnnl_cpu, 0));
        BareCall.check(dnnl_stream_create(stream, engine, dnnl_stream_default_flags));
        calls.put(Operators.ADD, add());
        calls.put(Operators.MATMUL, matmul());
        calls.put(Operators.CONV, convolution());
        return new Facts(
                "oneDNN " + dnnl_version().major() + "." + dnnl_version().minor(), 0);
    }

    private BareCall add() {
        dnnl_memory_desc square = BareCall.layout(dnnl_ab, Operators.SIDE, Operators.SIDE);
        dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
        BareCall.check(dnnl_binary_primitive_desc_create(
                descriptor, engine, dnnl_binary_add, square, square, square, (dnnl_primitive_attr) null));
        return new BareCall(engine, stream)
                .input(DNNL_ARG_SRC_0, square, Operators.left())
                .input(DNNL_ARG_SRC_1, square, Operators.right())
                .output(square)
                .of(descriptor);
    }

    private BareCall matmul() {
        dnnl_memory_desc square = BareCall.layout(dnnl_ab, Operators.SIDE, Operators.SIDE);
        dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
        BareCall.check(dnnl_matmul_primitive_desc_create(
                descriptor, engine, square, square, null, square, (dnnl_primitive_attr) null));
        return new BareCall(engine, stream)
                .input(DNNL_ARG_SRC, square, Operators.left())
                .input(DNNL_ARG_WEIGHTS, square, Operators.right())
                .output(square)
                .of(descriptor);
    }

    private BareCall convolution() {
        long n = Operators.SIDE;
        long k = Operators.KERNEL;
        dnnl_memory_desc image = BareCall.layout(dnnl_acdb, 1, n, n, n);
        dnnl_memory_desc plain = BareCall.layout(dnnl_abcd, n, n, k, k);
        long[] ones = {1, 1};
        long[] zeros = {0, 0};
        dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
        BareCall.check(dnnl_convolution_forward_primitive_desc_create(
                descriptor,
                engine,
                dnnl_forward_training,
                dnnl_convolution_direct,
                image,
                BareCall.layout(dnnl_format_tag_any, n, n, k, k),
                null,
                image,
                ones,
                zeros,
                ones,
                ones,
                (dnnl_primitive_attr) null));
        dnnl_memory_desc liked = dnnl_primitive_desc_query_md(descriptor, dnnl_query_exec_arg_md, DNNL_ARG_WEIGHTS);
        dnnl_primitive_desc reorder = new dnnl_primitive_desc();
        BareCall.check(
                dnnl_reorder_primitive_desc_create(reorder, plain, engine, liked, engine, (dnnl_primitive_attr) null));
        BareCall packed = new BareCall(engine, stream)
                .input(DNNL_ARG_FROM, plain, Operators.filter())
                .output(liked)
                .of(reorder);
        packed.run();
        return new BareCall(engine, stream)
                .input(DNNL_ARG_SRC, image, Operators.channelsLast(Operators.image()))
                .bind(DNNL_ARG_WEIGHTS, liked, packed.memory())
                .output(image)
                .of(descriptor);
    }

    @Override
    public double step(String caseName) {
        BareCall call = calls.get(caseName);
        for (int i = 0; i < Operators.CALLS; i++) {
            call.run();
        }
        float[] result = call.result();
        return Operators.check(caseName.equals(Operators.CONV) ? Operators.channelsFirst(result) : result);
    }

    @Override
    public void close() {
        dnnl_stream_destroy(stream);
        dnnl_engine_destroy(engine);
    }
}
