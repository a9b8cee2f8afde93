package io.kiln.ndarray;

import io.kiln.backend.Backend;
import io.kiln.backend.Device;
import io.kiln.backend.Span;
import io.kiln.backend.Storage;
import java.lang.ref.Cleaner;

/**
 * A typed n-dimensional array: a strided view of a block of device memory. Views (reshape, transpose, slice, broadcast)
 * share the block and do not copy. Operators accept arrays with any strides; some return arrays that are not row-major
 * (convolution keeps channels last), which affects neither shape nor values.
 *
 * <p>An array may also stand for a value of a graph that is being traced ({@link #isTraced()}): it then has no data,
 * only shape and dtype.
 *
 * <p>Ownership: a new array belongs to the innermost open {@link Scope} of its thread; outside any scope it is freed by
 * {@link #close()} or the garbage collector. Using a closed array is an error.
 *
 * <p>Concurrency: reading from several threads is safe; writing in place is not.
 */
public final class NDArray extends IndexedArray implements AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();

    private final Layout layout;
    private final long offset;
    private final Storage storage;
    private final TraceMeta traced;
    private AutogradMeta gradientState;
    private final boolean planned;
    private Scope owner;
    private Cleaner.Cleanable cleanable;
    private boolean closed;

    private NDArray(Layout layout, long offset, Storage storage, TraceMeta traced) {
        this.layout = layout;
        this.offset = offset;
        this.storage = storage;
        this.traced = traced;
        this.planned = false;
        if (storage != null) {
            Scope scope = Scope.current();
            if (scope == null) {
                detach();
            } else {
                scope.adopt(this);
            }
        }
    }

    private NDArray(Span memory, Layout layout) {
        this.layout = layout;
        this.offset = memory.offset() / layout.dtype().bytes();
        this.storage = memory.storage();
        this.traced = null;
        this.planned = true;
    }

    /**
     * A vector of float32.
     *
     * @param values its elements
     * @return the array, of shape [values.length]
     */
    public static NDArray of(float... values) {
        return ArrayFactory.current().of(values);
    }

    /**
     * An array of float32.
     *
     * @param shape its shape
     * @param values its elements in row-major order
     * @return the array
     */
    public static NDArray of(Shape shape, float... values) {
        return ArrayFactory.current().of(shape, values);
    }

    /**
     * An array of float64.
     *
     * @param shape its shape
     * @param values its elements in row-major order
     * @return the array
     */
    public static NDArray of(Shape shape, double... values) {
        return ArrayFactory.current().of(shape, values);
    }

    /**
     * An array of int32.
     *
     * @param shape its shape
     * @param values its elements in row-major order
     * @return the array
     */
    public static NDArray of(Shape shape, int... values) {
        return ArrayFactory.current().of(shape, values);
    }

    /**
     * An array of int64.
     *
     * @param shape its shape
     * @param values its elements in row-major order
     * @return the array
     */
    public static NDArray of(Shape shape, long... values) {
        return ArrayFactory.current().of(shape, values);
    }

    /**
     * An array of uint8, or of another type of one byte.
     *
     * @param shape its shape
     * @param dtype {@link DType#UINT8} or {@link DType#BOOL}
     * @param values its elements in row-major order
     * @return the array
     */
    public static NDArray of(Shape shape, DType dtype, byte... values) {
        return ArrayFactory.current().of(shape, dtype, values);
    }

    /**
     * An array of bool.
     *
     * @param shape its shape
     * @param values its elements in row-major order
     * @return the array
     */
    public static NDArray of(Shape shape, boolean... values) {
        return ArrayFactory.current().of(shape, values);
    }

    /**
     * A scalar array, without axes.
     *
     * @param value its element
     * @param dtype its type
     * @return the array, of shape []
     */
    public static NDArray scalar(double value, DType dtype) {
        return ArrayFactory.current().scalar(value, dtype);
    }

    /**
     * An array of zeros.
     *
     * @param shape its shape
     * @param dtype its type
     * @return the array
     */
    public static NDArray zeros(Shape shape, DType dtype) {
        return ArrayFactory.current().zeros(shape, dtype);
    }

    /**
     * An array of ones.
     *
     * @param shape its shape
     * @param dtype its type
     * @return the array
     */
    public static NDArray ones(Shape shape, DType dtype) {
        return ArrayFactory.current().ones(shape, dtype);
    }

    /**
     * An array of equal elements.
     *
     * @param shape its shape
     * @param value the element
     * @param dtype its type
     * @return the array
     */
    public static NDArray full(Shape shape, double value, DType dtype) {
        return ArrayFactory.current().full(shape, value, dtype);
    }

    /**
     * Evenly spaced numbers start, start + step, … below stop (above it for a negative step).
     *
     * @param start first number
     * @param stop bound, exclusive
     * @param step distance, not 0
     * @param dtype type of the result
     * @return the array, of shape [ceil((stop - start) / step)]
     */
    public static NDArray arange(double start, double stop, double step, DType dtype) {
        return ArrayFactory.current().arange(start, stop, step, dtype);
    }

    /**
     * A new array, row-major, with arbitrary content.
     *
     * @param shape its shape, all sizes known
     * @param dtype its element type
     * @return the array
     */
    public static NDArray empty(Shape shape, DType dtype) {
        return ArrayFactory.current().empty(shape, dtype);
    }

    /**
     * A new array with arbitrary content and chosen strides.
     *
     * @param backend the backend that allocates
     * @param shape its shape, all sizes known
     * @param dtype its element type
     * @param strides dense strides in elements: some order of the axes, without gaps
     * @return the array
     */
    public static NDArray empty(Backend backend, Shape shape, DType dtype, long[] strides) {
        return empty(backend, new Layout(new Spec(shape, dtype), strides));
    }

    /**
     * A new array with arbitrary content and a chosen layout.
     *
     * @param backend the backend that allocates
     * @param layout shape with all sizes known, dtype, and dense strides: some order of the axes, without gaps
     * @return the array
     */
    public static NDArray empty(Backend backend, Layout layout) {
        long size = layout.size();
        if (size < 0) {
            throw new ShapeException("empty: all sizes must be known, got " + layout.shape());
        }
        if (size > Long.MAX_VALUE / layout.dtype().bytes()) {
            throw new ShapeException("empty: " + layout.spec() + " has more than 2^63-1 bytes; use a smaller shape");
        }
        Storage s = backend.allocator().allocate(backend, size * layout.dtype().bytes());
        return new NDArray(layout, 0, s, null);
    }

    /**
     * An array in planned memory. It belongs to no scope and holds no reference: the planner keeps the memory, and
     * closing the array has no effect.
     *
     * @param memory the memory; its offset is a multiple of the size of an element
     * @param layout shape, dtype and strides
     * @return the array
     */
    public static NDArray planned(Span memory, Layout layout) {
        return new NDArray(memory, layout);
    }

    /**
     * An array over memory with another owner; it takes over the storage's reference.
     *
     * @param storage the memory
     * @param spec shape and dtype
     * @return the array, row-major from the first byte
     */
    public static NDArray over(Storage storage, Spec spec) {
        return new NDArray(Layout.rowMajor(spec), 0, storage, null);
    }

    /**
     * An array that stands for a value of a graph being traced.
     *
     * @param spec its shape and dtype
     * @param value the graph's value
     * @return the array
     */
    public static NDArray traced(Spec spec, TraceMeta value) {
        return new NDArray(new Layout(spec, new long[0]), 0, null, value);
    }

    /**
     * A view of the same memory, unknown to autograd and tracing: use {@code reshape}, {@code transpose}, {@code slice}
     * and {@code broadcastTo} in networks.
     *
     * @param newShape the view's shape
     * @param newStrides its strides in elements
     * @param start its first element, in elements from this array's first one
     * @return the view
     */
    public NDArray view(Shape newShape, long[] newStrides, long start) {
        Storage s = storage();
        Strides.checkInside(newShape, newStrides, offset + start, s.bytes() / dtype().bytes());
        s.retain();
        return new NDArray(new Layout(new Spec(newShape, dtype()), newStrides), offset + start, s, null);
    }

    @Override
    protected NDArray self() {
        return this;
    }

    /**
     * The shape.
     *
     * @return the sizes of the axes
     */
    public Shape shape() {
        return layout.spec().shape();
    }

    /**
     * The element type.
     *
     * @return the dtype
     */
    public DType dtype() {
        return layout.spec().dtype();
    }

    /**
     * Shape and dtype together.
     *
     * @return the spec
     */
    public Spec spec() {
        return layout.spec();
    }

    /**
     * Shape, dtype and strides together.
     *
     * @return the layout
     */
    public Layout layout() {
        return layout;
    }

    /**
     * The number of elements.
     *
     * @return the product of the sizes
     */
    public long size() {
        return layout.spec().shape().size();
    }

    /**
     * The strides.
     *
     * @return distance between neighbours along each axis, in elements; must not be written to
     */
    public long[] strides() {
        return layout.strides();
    }

    /** The memory of contiguous elements, from the given one on. */
    Span span(long start, long count) {
        int width = dtype().bytes();
        return new Span(storage(), (offset + start) * width, count * width);
    }

    /**
     * The address of the first element, for kernels of a backend whose memory has addresses; all other code uses
     * {@link #read}, {@link #write} and {@link #update}.
     *
     * @return its address on the device
     */
    public long address() {
        return storage().address() + offset * dtype().bytes();
    }

    /**
     * The block that holds the elements.
     *
     * @return the storage
     * @throws IllegalStateException if the array is closed or traced
     */
    public Storage storage() {
        if (closed) {
            throw new IllegalStateException("array " + spec()
                    + ": used after close; its scope has ended, hand it out with" + " Scope.keep or copy it");
        }
        if (storage == null) {
            throw new IllegalStateException("array " + spec() + ": has no data, it stands for " + traced
                    + " of a graph being traced; Java code that depends on values cannot be traced: use"
                    + " ControlFlow.forEach, whileLoop or cond, or Elementwise.where");
        }
        return storage;
    }

    /**
     * The backend whose memory holds the elements.
     *
     * @return the backend
     */
    public Backend backend() {
        return storage().backend();
    }

    /**
     * The device of the elements.
     *
     * @return the device
     */
    public Device device() {
        return backend().device();
    }

    /**
     * Returns a factory for arrays on this array's device. While a graph is traced, its arrays stand for data on any
     * device: arrays created with their factory become constants, on the thread's device.
     *
     * @return the factory of its device
     */
    public ArrayFactory factory() {
        return isTraced() ? ArrayFactory.current() : new ArrayFactory(backend());
    }

    /**
     * A new array on this array's device, row-major, with arbitrary content.
     *
     * @param spec its shape, all sizes known, and element type
     * @return the array
     */
    public NDArray newArray(Spec spec) {
        return factory().empty(spec.shape(), spec.dtype());
    }

    /**
     * Whether the elements are in row-major order without gaps.
     *
     * @return true if so; also for empty arrays
     */
    public boolean isContiguous() {
        return layout.isContiguous();
    }

    /**
     * Whether the elements have no gaps or repetition in some order of the axes.
     *
     * @return true for row-major, channels-last and transposed arrays
     */
    public boolean isDense() {
        return layout.isDense();
    }

    /**
     * Whether this array stands for a value of a graph being traced.
     *
     * @return true if it has no data
     */
    public boolean isTraced() {
        return traced != null;
    }

    /**
     * The graph's value for which this array stands.
     *
     * @return the value, or null if the array has data
     */
    public TraceMeta traced() {
        return traced;
    }

    /**
     * Autograd's state of this array.
     *
     * @return its state, or null if no gradient flows through it
     */
    public AutogradMeta gradientState() {
        return gradientState;
    }

    /**
     * Sets autograd's state of this array; called by autograd.
     *
     * @param state the new state
     */
    public void gradientState(AutogradMeta state) {
        gradientState = state;
    }

    Scope owner() {
        return owner;
    }

    void owner(Scope scope) {
        owner = scope;
    }

    /**
     * Takes the array out of its scope: from now on {@link #close()} or the garbage collector frees it.
     *
     * @return this array
     */
    public NDArray detach() {
        owner = null;
        if (cleanable == null && !closed && !planned) {
            cleanable = CLEANER.register(this, storage()::release);
        }
        return this;
    }

    /**
     * Whether {@link #close()} was called.
     *
     * @return true if the data must no longer be used
     */
    public boolean isClosed() {
        return closed;
    }

    /** Releases this array's reference to its memory. Closing twice does nothing. */
    @Override
    public void close() {
        if (closed || planned) {
            return;
        }
        closed = true;
        owner = null;
        gradientState = null;
        if (cleanable != null) {
            cleanable.clean();
        } else if (storage != null) {
            storage.release();
        }
    }

    /** {@return the elements as NumPy prints them; for a traced array dtype, shape and node} */
    @Override
    public String toString() {
        if (closed) {
            return "closed " + spec();
        }
        return traced != null ? "traced " + spec() + " " + traced : ArrayPrinter.print(this);
    }
}
