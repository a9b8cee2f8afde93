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
 * <p>Life cycle: created without shape or data; a block's first forward pass states the {@linkplain #complete shape};
 * the data are created on first access, or earlier by {@link #set}; {@link #close()} frees them. The data belong to the
 * parameter, not to a scope. If a call of the block or a training step accesses them first, they are on the device of its
 * input, otherwise on that of the thread; a value that is set before stays on its own device.
 *
 * <p>While a thread traces, {@link #data()} returns the parameter of the graph, named after the block's place in the
 * network.
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
     * Creates a float32 parameter whose shape the block will state.
     *
     * @param name its name within the block, such as {@code weight}
     * @param role its role
     * @param initializer its initializer
     */
    public Parameter(String name, Role role, Initializer initializer) {
        this(name, role, DType.FLOAT32, null, initializer);
    }

    /**
     * Creates a parameter.
     *
     * @param name its name within the block
     * @param role its role
     * @param dtype its element type
     * @param shape its shape, or null if the block will state it
     * @param initializer its initializer; null for a constant, whose value is {@link #set}
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
     * The parameter's role.
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
     * The parameter's initializer.
     *
     * @return the initializer; null for a constant
     */
    public Initializer initializer() {
        return initializer;
    }

    /**
     * Sets the initializer. An existing value is discarded.
     *
     * @param newInitializer the initializer
     * @return this parameter
     * @throws IllegalStateException if the parameter is a constant
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
     * @return the shape, or null before the first forward pass
     */
    public Shape shape() {
        Map<Parameter, Shape> copy = shapesOfCopy();
        return copy == null ? shape : copy.get(this);
    }

    /**
     * Where a trace of a copy keeps this parameter's shape; null outside such a trace, and if the shape is fixed by
     * data or by the constructor.
     */
    private Map<Parameter, Shape> shapesOfCopy() {
        return data != null || fixedShape ? null : TraceNames.shapesOfCopy();
    }

    /**
     * States the shape. Blocks call this in every forward pass.
     *
     * @param needed the shape that the input requires
     * @return this parameter
     * @throws ShapeException if the parameter already has another shape, or a size is unknown
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
     * Makes the value depend only on this seed and the parameter's place in the network, whenever it is first needed.
     * Existing data are discarded.
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
     * The array: with data, which are created if necessary, or traced while this thread traces a graph.
     *
     * @return the array; gradients flow to it unless the parameter is frozen
     * @throws IllegalStateException if the shape is not known yet
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
     * The array with data, even while this thread traces. Applies the updates that a training step has
     * {@linkplain #defer deferred}.
     *
     * @return the array
     * @throws IllegalStateException if the shape is not known yet
     */
    public NDArray value() {
        if (settle != null) {
            settle.run();
        }
        return storedValue();
    }

    /**
     * The array as stored, for the owner of {@linkplain #defer deferred} updates.
     *
     * @return the array, whose rows may lack updates
     * @throws IllegalStateException if the shape is not known yet
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
     * Stops deferring updates.
     *
     * @param toSettle the argument of {@link #defer}; nothing happens if another step has deferred updates since
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
     * Sets the next value of a running statistic: now or, while this thread traces, in every run of the graph in train
     * mode. A forward pass that is only repeated ({@link Autograd#isReplaying}) does not change it.
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
     * The gradient from the last backward pass.
     *
     * @return the gradient, or null if there was no pass or the parameter is frozen
     */
    public NDArray gradient() {
        return data == null || data.gradientState() == null ? null : Autograd.gradient(data);
    }

    /**
     * The rows of the gradient from the last backward pass, for a parameter that
     * {@linkplain #keepRowGradient keeps it by rows}.
     *
     * @return the rows; null if there was no pass or the gradient is dense
     */
    public RowSparse rowGradient() {
        return data == null || data.gradientState() == null ? null : Autograd.rowGradient(data);
    }

    /**
     * Keeps the gradient by rows if the network only looks up rows, so that optimizers that can
     * {@linkplain io.kiln.optim.Optimizer#updatesLazily update lazily} change no others; an existing gradient is
     * discarded.
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
     * Whether the gradient is kept by rows.
     *
     * @return true after {@link #keepRowGradient}
     */
    public boolean keepsRowGradient() {
        return rowGradient;
    }

    /**
     * How backward passes store the gradient.
     *
     * @return the request
     */
    public GradReq gradReq() {
        return request;
    }

    /**
     * Sets how backward passes store the gradient; an existing gradient is discarded.
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
     * Excludes the parameter from training: no gradient is computed, and trainers do not update it.
     *
     * @return this parameter
     */
    public Parameter freeze() {
        return gradReq(GradReq.NULL);
    }

    /**
     * Whether trainers update the parameter.
     *
     * @return false if it is frozen or its role is not trained
     */
    public boolean isTrained() {
        return request != GradReq.NULL;
    }

    /**
     * Frees the data and the gradient. Unless its block is closed, the parameter may be used again, and then draws or
     * receives a new value.
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

    /** Frees everything for good: the block is closed. */
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

    /** {@return name, role and the known sizes} */
    @Override
    public String toString() {
        return name + " (" + role + " " + dtype + (shape() == null ? ", shape unknown" : shape()) + ")";
    }
}
