package io.kiln.nn;

import io.kiln.autograd.Autograd;
import io.kiln.autograd.GradReq;
import io.kiln.graph.GraphBuilder;
import io.kiln.graph.TracedValue;
import io.kiln.init.Initializer;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.RowSparse;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.ShapeException;
import io.kiln.ndarray.Spec;
import io.kiln.op.Role;
import java.util.Map;

/**
 * An array that a block keeps between calls: a weight, or a statistic that the forward pass maintains.
 *
 * <p>Life cycle: made without shape or data; a block's first forward pass states the {@linkplain #complete shape}; the data
 * come into being when they are first asked for, or earlier by {@link #set}; {@link #close()} frees them. The data belong to
 * the parameter, not to a scope. When a call of the block or a training step asks for them, they lie on the device of its
 * input, otherwise on that of the thread; a value that is set before stays on its own device.
 *
 * <p>While a thread traces, {@link #data()} gives the parameter of the graph, named after the block's place in the network.
 */
public final class Parameter implements AutoCloseable {
    private final String name;
    private final Role role;
    private final DType dtype;
    private Initializer initializer;
    private GradReq request;
    private boolean rowGradient;
    private final boolean fixedShape;
    private Shape shape;
    private Draw draw = Draw.fromThread();
    private NDArray data;
    private Runnable settle;
    private boolean retired;

    /**
     * A float32 parameter whose shape the block will state.
     *
     * @param name its name within the block, such as {@code weight}
     * @param role what it is for
     * @param initializer how it begins
     */
    public Parameter(String name, Role role, Initializer initializer) {
        this(name, role, DType.FLOAT32, null, initializer);
    }

    /**
     * A parameter.
     *
     * @param name its name within the block
     * @param role what it is for
     * @param dtype its element type
     * @param shape its shape, or null when the block will state it
     * @param initializer how it begins; null for a constant, whose value is {@link #set}
     */
    public Parameter(String name, Role role, DType dtype, Shape shape, Initializer initializer) {
        this.name = name;
        this.role = role;
        this.dtype = dtype;
        this.shape = shape;
        this.fixedShape = shape != null;
        this.initializer = initializer;
        this.request = role.isTrained() ? GradReq.WRITE : GradReq.NULL;
    }

    /**
     * The name within the block.
     *
     * @return the name, such as {@code weight}
     */
    public String name() {
        return name;
    }

    /**
     * What the parameter is for.
     *
     * @return its role
     */
    public Role role() {
        return role;
    }

    /**
     * The element type.
     *
     * @return the dtype
     */
    public DType dtype() {
        return dtype;
    }

    /**
     * How the parameter begins.
     *
     * @return the initializer; null for a constant
     */
    public Initializer initializer() {
        return initializer;
    }

    /**
     * Begins in another way. A value that exists is given up.
     *
     * @param newInitializer the initializer
     * @return this parameter
     * @throws IllegalStateException when the parameter is a constant
     */
    public Parameter initializer(Initializer newInitializer) {
        if (initializer == null) {
            throw new IllegalStateException("parameter " + this + ": a constant has no initializer; set its value");
        }
        close();
        initializer = newInitializer;
        return this;
    }

    /**
     * The shape.
     *
     * @return the shape, or null before the first forward pass has stated it
     */
    public Shape shape() {
        Map<Parameter, Shape> copy = shapesOfCopy();
        return copy == null ? shape : copy.get(this);
    }

    /** Where a trace of a copy keeps this parameter's shape; null outside of one, and where data or its maker fix the shape. */
    private Map<Parameter, Shape> shapesOfCopy() {
        return data != null || fixedShape ? null : TraceNames.shapesOfCopy();
    }

    /**
     * States the shape. Blocks call it with every forward pass.
     *
     * @param needed the shape that the input asks for
     * @return this parameter
     * @throws ShapeException when the parameter already has another shape, or a size is unknown
     */
    public Parameter complete(Shape needed) {
        Shape known = shape();
        if (known == null) {
            if (!needed.isKnown()) {
                throw new ShapeException("parameter " + this + ": its shape " + needed
                        + " depends on a size of the input that is unknown; only the batch may be unknown");
            }
            Map<Parameter, Shape> copy = shapesOfCopy();
            if (copy == null) {
                shape = needed;
            } else {
                copy.put(this, needed);
            }
        } else if (!known.equals(needed)) {
            throw new ShapeException("parameter " + this + ": has shape " + known + ", the input asks for " + needed);
        }
        return this;
    }

    /**
     * Draws the value from this seed and the parameter's place in the network alone, whenever it is first needed. Data that
     * exist are given up.
     *
     * @param seed the network's seed
     * @param path the parameter's unique name in the network
     */
    void initialize(long seed, String path) {
        checkOpen();
        close();
        draw = Draw.fromSeed(seed, path);
    }

    /**
     * The array: with data, which are made if need be, or traced while this thread traces a graph.
     *
     * @return the array; gradients flow to it unless the parameter is frozen
     * @throws IllegalStateException when the shape is not known yet
     */
    public NDArray data() {
        checkOpen();
        GraphBuilder builder = GraphBuilder.current();
        if (builder != null && builder.keepsParameters() && initializer != null) {
            return builder.parameter(TraceNames.of(this), new Spec(knownShape(), dtype), role, initializer);
        }
        return value();
    }

    /**
     * The array with data, also while this thread traces. Applies the updates that a training step has {@linkplain #defer
     * deferred}.
     *
     * @return the array
     * @throws IllegalStateException when the shape is not known yet
     */
    public NDArray value() {
        if (settle != null) {
            settle.run();
        }
        return storedValue();
    }

    /**
     * The array as it lies in memory, for the owner of {@linkplain #defer deferred} updates.
     *
     * @return the array, whose rows may lack updates
     * @throws IllegalStateException when the shape is not known yet
     */
    public NDArray storedValue() {
        if (data == null) {
            checkOpen();
            if (initializer == null) {
                throw new IllegalStateException("parameter " + this + ": a constant without value; set it");
            }
            data = draw.value(initializer, knownShape(), dtype);
            attach();
        }
        return data;
    }

    /**
     * Defers updates until the value is read; arrays obtained earlier see them late. Applies updates deferred by another step
     * first: only one step may defer at a time.
     *
     * @param toSettle applies the deferred updates; called by {@link #value()}, {@link #set} and {@link #close}
     */
    public void defer(Runnable toSettle) {
        if (settle != null && settle != toSettle) {
            settle.run();
        }
        settle = toSettle;
    }

    /**
     * Defers nothing any more.
     *
     * @param toSettle what {@link #defer} was given; nothing happens when somebody else has deferred since
     */
    public void endDefer(Runnable toSettle) {
        if (settle == toSettle) {
            settle.run();
            settle = null;
        }
    }

    private Shape knownShape() {
        Shape known = shape();
        if (known == null) {
            throw new IllegalStateException("parameter " + this
                    + ": its shape is not known before the first forward pass; run one or trace the block");
        }
        return known;
    }

    private void attach() {
        if (dtype.isFloating()) {
            if (rowGradient) {
                Autograd.attachRowGradient(data, request);
            } else {
                Autograd.attachGradient(data, request);
            }
        }
    }

    /**
     * Whether {@link #value()} would draw or fail.
     *
     * @return true once the parameter has data
     */
    public boolean hasData() {
        return data != null;
    }

    /**
     * Overwrites the value.
     *
     * @param newValue an array of the parameter's shape, of any dtype, on any device
     */
    public void set(NDArray newValue) {
        checkOpen();
        complete(newValue.shape());
        if (data == null) {
            try (Scope scope = Scope.open()) {
                data = scope.keep(newValue.newArray(new Spec(shape, dtype))).detach();
            }
            attach();
        }
        NDArray value = value();
        try (Scope scope = Scope.open()) {
            value.assign(newValue.to(value.device()));
        }
    }

    /**
     * Gives a running statistic its next value: now, or, while this thread traces, with every run of the graph in train mode.
     * A forward pass that is only repeated ({@link Autograd#isReplaying}) leaves it alone.
     *
     * @param newValue the value, of the parameter's shape
     */
    public void update(NDArray newValue) {
        if (newValue.isTraced()) {
            GraphBuilder builder = TracedValue.of(newValue).builder();
            if (builder.keepsParameters()) {
                builder.update(TraceNames.of(this), newValue);
            }
        } else if (!Autograd.isReplaying()) {
            value().assign(newValue);
        }
    }

    /**
     * The gradient that the last backward pass left.
     *
     * @return the gradient, or null when there was no pass or the parameter is frozen
     */
    public NDArray gradient() {
        return data == null || data.gradientState() == null ? null : Autograd.gradient(data);
    }

    /**
     * The rows of the gradient that the last backward pass left, of a parameter that {@linkplain #keepRowGradient keeps it by
     * its rows}.
     *
     * @return the rows; null when there was no pass or the gradient is dense
     */
    public RowSparse rowGradient() {
        return data == null || data.gradientState() == null ? null : Autograd.rowGradient(data);
    }

    /**
     * Keeps the gradient by its rows where the network only looks rows up, so that optimizers that can {@linkplain
     * io.kiln.optim.Optimizer#updatesLazily update lazily} touch no others; a gradient that exists is given up.
     *
     * @return this parameter
     */
    public Parameter keepRowGradient() {
        rowGradient = true;
        if (data != null) {
            attach();
        }
        return this;
    }

    /**
     * Whether the gradient is kept by its rows.
     *
     * @return true after {@link #keepRowGradient}
     */
    public boolean keepsRowGradient() {
        return rowGradient;
    }

    /**
     * What backward passes do with the gradient.
     *
     * @return the request
     */
    public GradReq gradReq() {
        return request;
    }

    /**
     * Says what backward passes do with the gradient; a gradient that exists is given up.
     *
     * @param newRequest the request
     * @return this parameter
     */
    public Parameter gradReq(GradReq newRequest) {
        if (newRequest != GradReq.NULL && !role.isTrained()) {
            throw new IllegalArgumentException("parameter " + this + ": role " + role + " has no gradient");
        }
        request = newRequest;
        if (data != null) {
            attach();
        }
        return this;
    }

    /**
     * Takes the parameter out of training: no gradient is computed, trainers leave it alone.
     *
     * @return this parameter
     */
    public Parameter freeze() {
        return gradReq(GradReq.NULL);
    }

    /**
     * Whether trainers update the parameter.
     *
     * @return false when it is frozen or its role is not trained
     */
    public boolean isTrained() {
        return request != GradReq.NULL;
    }

    /**
     * Frees the data and the gradient. The parameter may be used again, unless its block is closed, and then draws or takes a
     * new value.
     */
    @Override
    public void close() {
        if (data != null) {
            if (settle != null) {
                settle.run();
            }
            if (data.gradientState() != null) {
                Autograd.zeroGradient(data);
            }
            data.close();
            data = null;
        }
    }

    /** Frees all for good: the block is closed. */
    void retire() {
        close();
        retired = true;
    }

    private void checkOpen() {
        if (retired) {
            throw new IllegalStateException(
                    "parameter " + this
                            + ": its block is closed and its value is gone; close a block after its last use, or make a new one");
        }
    }

    /** {@return name, role and what is known of the shape} */
    @Override
    public String toString() {
        return name + " (" + role + " " + dtype + (shape() == null ? ", shape unknown" : shape()) + ")";
    }
}
