package io.kiln.cpu.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.dnnl_format_tag_any;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_strides;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_create_with_tag;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_equal;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_post_ops_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_post_ops;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_attr_set_scratchpad_mode;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_next_impl;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_desc_query_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_primitive_destroy;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_exec_arg_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_impl_info_str;
import static org.bytedeco.dnnl.global.dnnl.dnnl_query_scratchpad_md;
import static org.bytedeco.dnnl.global.dnnl.dnnl_reorder_primitive_desc_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_scratchpad_mode_user;
import static org.bytedeco.dnnl.global.dnnl.dnnl_success;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.internal.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.dnnl.dnnl_post_ops;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * Builds a {@link Plan}. A primitive can be requested with arguments in any layout; if it needs another layout than the
 * caller's memory has, the builder puts a reorder before (inputs) or after (outputs) it, through scratch memory.
 *
 * <p>Life cycle: descriptors, attributes and primitive descriptors live until {@link #close}; {@link #build} passes
 * primitives and memory objects to the plan, or {@link #close} frees them if {@code build} was not reached.
 */
final class PlanBuilder implements AutoCloseable {

    /**
     * Memory of an argument: the caller's tensor {@code slot}, or scratch memory when that is -1.
     *
     * @param layout its description
     * @param slot number of the caller's tensor, or -1
     * @param offset byte offset of scratch memory
     */
    record Place(dnnl_memory_desc layout, int slot, long offset) {}

    /** An argument of the primitive under construction. */
    private record Bound(int name, dnnl_memory memory) {}

    private static final long ALIGNMENT = 64;

    /** More than oneDNN has for any primitive. */
    private static final int IMPLEMENTATIONS = 40;

    private final dnnl_engine engine;
    private final int threads;
    private final List<Plan.Step> steps = new ArrayList<>();
    private final List<Plan.Argument> arguments = new ArrayList<>();
    private final List<Runnable> temporaries = new ArrayList<>();
    private final List<Place[]> reordersBehind = new ArrayList<>();
    private List<Bound> bound = new ArrayList<>();
    private dnnl_primitive_desc open;
    private long scratchBytes;
    private long packedBytes;

    PlanBuilder(CpuContext context) {
        this.engine = context.engine();
        this.threads = context.used();
    }

    dnnl_engine engine() {
        return engine;
    }

    dnnl_memory_desc layout(Tensor tensor) {
        return layout(tensor.dtype(), tensor.dims(), tensor.strides());
    }

    dnnl_memory_desc layout(DType dtype, long[] dims, long[] strides) {
        dnnl_memory_desc layout = new dnnl_memory_desc();
        int status = dnnl_memory_desc_create_with_strides(layout, dims.length, dims, DataTypes.code(dtype), strides);
        OneDnnException.check("memory descriptor", status);
        temporaries.add(() -> dnnl_memory_desc_destroy(layout));
        return layout;
    }

    /** A layout that the primitive may choose. */
    dnnl_memory_desc any(DType dtype, long[] dims) {
        dnnl_memory_desc layout = new dnnl_memory_desc();
        int status =
                dnnl_memory_desc_create_with_tag(layout, dims.length, dims, DataTypes.code(dtype), dnnl_format_tag_any);
        OneDnnException.check("memory descriptor", status);
        temporaries.add(() -> dnnl_memory_desc_destroy(layout));
        return layout;
    }

    /** Attributes: user-managed scratch memory, and post-ops with the layouts of their further operands. */
    dnnl_primitive_attr attributes(PostOps postOps, dnnl_memory_desc... operands) {
        dnnl_primitive_attr attributes = new dnnl_primitive_attr();
        OneDnnException.check("attributes", dnnl_primitive_attr_create(attributes));
        temporaries.add(() -> dnnl_primitive_attr_destroy(attributes));
        OneDnnException.check(
                "scratchpad mode", dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user));
        if (!postOps.steps().isEmpty()) {
            dnnl_post_ops list = new dnnl_post_ops();
            OneDnnException.check("post-ops", dnnl_post_ops_create(list));
            temporaries.add(() -> dnnl_post_ops_destroy(list));
            postOps.appendTo(list, operands);
            OneDnnException.check("post-ops", dnnl_primitive_attr_set_post_ops(attributes, list));
        }
        return attributes;
    }

    /**
     * Checks the status of a call that has filled a primitive descriptor, and keeps the descriptor until
     * {@link #close}.
     */
    dnnl_primitive_desc created(String call, dnnl_primitive_desc descriptor, int status) {
        OneDnnException.check(call, status);
        temporaries.add(() -> dnnl_primitive_desc_destroy(descriptor));
        return descriptor;
    }

    /** The implementation name of a primitive descriptor. */
    static String implementation(dnnl_primitive_desc descriptor) {
        try (PointerPointer<BytePointer> name = new PointerPointer<>(1)) {
            OneDnnException.check(
                    "name of an implementation",
                    dnnl_primitive_desc_query(descriptor, dnnl_query_impl_info_str, 0, name));
            return name.get(BytePointer.class, 0).getString();
        }
    }

    /**
     * Advances a primitive descriptor to the next implementation, in oneDNN's order, whose name starts with {@code name}. If none
     * does, the descriptor is unusable afterwards. Reaching even the next implementation may take several steps: oneDNN counts
     * descriptors that it finds in its cache without passing their implementation.
     *
     * @return whether such an implementation exists
     */
    static boolean advance(dnnl_primitive_desc descriptor, String name) {
        return advance(descriptor, implementation -> implementation.startsWith(name));
    }

    /** As {@link #advance}, to the first implementation whose name does not contain {@code part}. */
    static boolean advancePast(dnnl_primitive_desc descriptor, String part) {
        return advance(descriptor, implementation -> !implementation.contains(part));
    }

    private static boolean advance(dnnl_primitive_desc descriptor, Predicate<String> wanted) {
        boolean found = wanted.test(implementation(descriptor));
        for (int i = 0; !found && i < IMPLEMENTATIONS; i++) {
            if (dnnl_primitive_desc_next_impl(descriptor) != dnnl_success) {
                return false;
            }
            found = wanted.test(implementation(descriptor));
        }
        return found;
    }

    /** The layout that a primitive requires for an argument. */
    dnnl_memory_desc wanted(dnnl_primitive_desc descriptor, int argument) {
        return dnnl_primitive_desc_query_md(descriptor, dnnl_query_exec_arg_md, argument);
    }

    /** The caller's tensor number {@code slot}. */
    Place slot(int slot, Tensor tensor) {
        return new Place(layout(tensor), slot, 0);
    }

    /** The caller's memory number {@code slot}, in a layout of an earlier call. */
    Place slot(int slot, PackedLayout packed) {
        dnnl_memory_desc layout = new dnnl_memory_desc();
        packed.fill(layout);
        temporaries.add(() -> dnnl_memory_desc_destroy(layout));
        return new Place(layout, slot, 0);
    }

    /** The caller's memory number {@code slot}, in a layout chosen by a primitive; at most one of them in a plan. */
    Place packed(int slot, dnnl_memory_desc layout) {
        packedBytes = dnnl_memory_desc_get_size(layout);
        return new Place(layout, slot, 0);
    }

    /** Scratch memory of a layout. */
    Place scratch(dnnl_memory_desc layout) {
        long offset = scratchBytes;
        long bytes = dnnl_memory_desc_get_size(layout);
        scratchBytes = Math.addExact(offset, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
        return new Place(layout, -1, offset);
    }

    /** Begins a primitive; its arguments follow. */
    PlanBuilder begin(dnnl_primitive_desc descriptor) {
        open = descriptor;
        return this;
    }

    PlanBuilder input(int argument, Place place) {
        dnnl_memory_desc wanted = wanted(open, argument);
        if (dnnl_memory_desc_equal(wanted, place.layout) == 1) {
            bind(argument, place);
            return this;
        }
        Place converted = scratch(wanted);
        reorder(place, converted);
        bind(argument, converted);
        return this;
    }

    /** Binds an input in the layout that the primitive requires: a further operand of a post-op. */
    PlanBuilder operand(int argument, Place place) {
        bind(argument, place);
        return this;
    }

    PlanBuilder output(int argument, Place place) {
        return output(argument, place, false);
    }

    /**
     * Binds an output.
     *
     * @param readFirst whether the primitive adds to the existing content
     */
    PlanBuilder output(int argument, Place place, boolean readFirst) {
        dnnl_memory_desc wanted = wanted(open, argument);
        if (dnnl_memory_desc_equal(wanted, place.layout) == 1) {
            bind(argument, place);
            return this;
        }
        Place converted = scratch(wanted);
        if (readFirst) {
            reorder(place, converted);
        }
        bind(argument, converted);
        reordersBehind.add(new Place[] {converted, place});
        return this;
    }

    /** Ends the primitive that {@link #begin} began. */
    PlanBuilder end() {
        addStep(open);
        for (Place[] pair : reordersBehind) {
            reorder(pair[0], pair[1]);
        }
        reordersBehind.clear();
        return this;
    }

    /** Adds a copy between layouts or types. */
    void reorder(Place from, Place to) {
        dnnl_primitive_desc descriptor = new dnnl_primitive_desc();
        int status = dnnl_reorder_primitive_desc_create(
                descriptor, from.layout, engine, to.layout, engine, attributes(PostOps.NONE));
        created("reorder", descriptor, status);
        List<Bound> outer = bound;
        bound = new ArrayList<>();
        bind(DNNL_ARG_FROM, from);
        bind(DNNL_ARG_TO, to);
        addStep(descriptor);
        bound = outer;
    }

    Plan build() {
        Plan plan = new Plan(
                threads,
                steps.toArray(new Plan.Step[0]),
                arguments.toArray(new Plan.Argument[0]),
                scratchBytes,
                packedBytes);
        steps.clear();
        arguments.clear();
        return plan;
    }

    private void bind(int name, Place place) {
        dnnl_memory memory = new dnnl_memory();
        OneDnnException.check("memory", dnnl_memory_create(memory, place.layout, engine, (Pointer) null));
        arguments.add(new Plan.Argument(memory, place.slot, place.offset));
        bound.add(new Bound(name, memory));
    }

    private void addStep(dnnl_primitive_desc descriptor) {
        dnnl_memory_desc scratchpad = dnnl_primitive_desc_query_md(descriptor, dnnl_query_scratchpad_md, 0);
        if (scratchpad != null && dnnl_memory_desc_get_size(scratchpad) > 0) {
            bind(DNNL_ARG_SCRATCHPAD, scratch(scratchpad));
        }
        dnnl_primitive primitive = new dnnl_primitive();
        OneDnnException.check("primitive", dnnl_primitive_create(primitive, descriptor));
        int size = new dnnl_exec_arg_t((Pointer) null).sizeof();
        long block = Memory.allocate((long) size * bound.size());
        dnnl_exec_arg_t list = new dnnl_exec_arg_t(new Address().at(block));
        for (int i = 0; i < bound.size(); i++) {
            list.position(i).arg(bound.get(i).name).memory(bound.get(i).memory);
        }
        list.position(0);
        steps.add(new Plan.Step(primitive, list, block, bound.size()));
        bound = new ArrayList<>();
    }

    @Override
    public void close() {
        for (Plan.Step step : steps) {
            dnnl_primitive_destroy(step.primitive());
            Memory.free(step.block());
        }
        for (Plan.Argument argument : arguments) {
            dnnl_memory_destroy(argument.memory());
        }
        for (int i = temporaries.size() - 1; i >= 0; i--) {
            temporaries.get(i).run();
        }
    }
}
