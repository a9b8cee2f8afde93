package io.kiln.fake;

import io.kiln.autograd.Autograd;
import io.kiln.backend.Allocator;
import io.kiln.backend.Backend;
import io.kiln.backend.Backends;
import io.kiln.backend.Context;
import io.kiln.backend.Device;
import io.kiln.backend.KernelPlan;
import io.kiln.backend.Queue;
import io.kiln.backend.Span;
import io.kiln.backend.Storage;
import io.kiln.backend.Traits;
import io.kiln.compile.CompilingBackend;
import io.kiln.compile.Target;
import io.kiln.compile.internal.FusedConvolution;
import io.kiln.ndarray.Layout;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.ndarray.internal.Memory;
import io.kiln.op.Operator;
import io.kiln.op.Pointwise;
import io.kiln.op.Stochastic;
import io.kiln.op.random.RandomBernoulli;
import io.kiln.op.random.RandomGenerator;
import io.kiln.op.random.RandomNormal;
import io.kiln.op.random.RandomUniform;
import io.kiln.pointwise.PointwiseProgram;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A device as foreign as a GPU, on the processor: its memory has names in place of addresses and is full of NaN when it
 * is handed out and when it has come back; its queues put work off and run it elsewhere. What its kernels compute, the
 * kernels of the processor compute. {@code -Dkiln.fake.seed} makes another run put work off in other places.
 *
 * <p>Concurrency: thread-safe.
 */
public final class FakeBackend implements CompilingBackend {
    /** The type of the devices. */
    public static final String TYPE = "fake";

    static final long BUDGET = 1L << 30;

    private final Device device;
    private final Backend processor = Backends.get(Device.cpu());
    private final Target kernels = ((CompilingBackend) processor).target();
    private final Target target = new OnlyKernels();
    private final Faults faults = new Faults();
    private final Counters counters = new Counters();
    private final FakeMemory memory;
    private final Allocator allocator;
    private final Allocator hostMemory;
    private final ExecutorService threads;
    private final AtomicLong seed = new AtomicLong(Long.getLong("kiln.fake.seed", 1));
    private final FakeQueue queue;

    FakeBackend(int index) {
        device = new Device(TYPE, index);
        memory = new FakeMemory(index, faults);
        String remedy = "free arrays, or raise the bound of the fake device";
        allocator = new Allocator(
                Allocator.Order.QUEUED, memory::allocate, memory::free, BUDGET, remedy, new Poisoner(true));
        hostMemory = new Allocator(
                Allocator.Order.HOST, Memory::allocate, Memory::free, BUDGET, remedy, new Poisoner(false));
        threads = Executors.newCachedThreadPool(work -> {
            Thread thread = new Thread(work, device + " queue");
            thread.setDaemon(true);
            return thread;
        });
        queue = newFakeQueue("of the device");
    }

    /**
     * A fake device.
     *
     * @param index 0 or 1
     * @return its backend
     */
    public static FakeBackend get(int index) {
        return (FakeBackend) Backends.get(new Device(TYPE, index));
    }

    /**
     * The processor's kernels without those of its own passes. What it keeps out of fused programs stays out here too:
     * its own kernel of a function may round another way than a program.
     */
    private final class OnlyKernels implements Target {
        @Override
        public boolean hasKernel(Operator operator) {
            return !isOfCompiler(operator) && kernels.hasKernel(operator);
        }

        @Override
        public boolean fuses(Pointwise operator, Spec output) {
            return kernels.fuses(operator, output);
        }

        @Override
        public long[] layout(Layout[] inputs, Spec output) {
            return kernels.layout(inputs, output);
        }
    }

    /** Fills blocks with NaN: when they are handed out, and after the last work that used them. */
    private final class Poisoner implements Allocator.Watcher {
        private final boolean onDevice;

        Poisoner(boolean onDevice) {
            this.onDevice = onDevice;
        }

        @Override
        public void allocated(Queue home, long address, long bytes) {
            if (onDevice) {
                freed(home, address, bytes);
            } else {
                FakeMemory.poison(address, bytes);
            }
        }

        @Override
        public void freed(Queue home, long address, long bytes) {
            long place = onDevice ? memory.reveal(address) : address;
            ((FakeQueue) home).submit("poison", () -> FakeMemory.poison(place, bytes));
        }
    }

    /**
     * What the device was asked for.
     *
     * @return its counters
     */
    public Counters counters() {
        return counters;
    }

    /**
     * Lets the device fail.
     *
     * @return its faults
     */
    public Faults faults() {
        return faults;
    }

    /** Where a span really lies. */
    static long reveal(Span span) {
        return reveal(span.storage()) + span.offset();
    }

    private static long reveal(Storage storage) {
        boolean hidden = storage.address() < 0 && storage.backend() instanceof FakeBackend;
        return hidden ? ((FakeBackend) storage.backend()).memory.reveal(storage.address()) : storage.address();
    }

    @Override
    public Device device() {
        return device;
    }

    @Override
    public Traits traits() {
        return new Traits(false, false);
    }

    @Override
    public Allocator allocator() {
        return allocator;
    }

    @Override
    public Allocator hostMemory() {
        return hostMemory;
    }

    @Override
    public Queue queue() {
        return queue;
    }

    @Override
    public Queue newQueue(String name) {
        return newFakeQueue(name);
    }

    private FakeQueue newFakeQueue(String name) {
        return new FakeQueue(this, name, threads, seed.getAndIncrement());
    }

    @Override
    public Spec[] residuals(Operator operator, Spec... inputs) {
        return processor.residuals(operator, inputs);
    }

    @Override
    public Target target() {
        return target;
    }

    @Override
    public KernelPlan plan(Operator operator, Layout[] inputs, Spec[] outputs) {
        boolean draws = operator instanceof Stochastic s && s.draws();
        if (draws && !isPlainDraw(operator) || isOfCompiler(operator)) {
            return null;
        }
        KernelPlan plan = processor.plan(operator, inputs, outputs);
        return plan == null
                ? null
                : new KernelPlan(
                        plan.strides(),
                        plan.workspaceBytes(),
                        (in, out, workspace) -> launch(plan, operator.name(), draws, in, out, workspace));
    }

    private void launch(
            KernelPlan plan, String name, boolean draws, NDArray[] inputs, NDArray[] outputs, Span workspace) {
        Span place = workspace == null
                ? null
                : Span.of(Storage.of(processor, reveal(workspace), workspace.bytes(), () -> {}));
        launch(name, draws, inputs, outputs, (x, y) -> plan.kernel().run(x, y, place));
        if (workspace != null) {
            ((FakeQueue) Context.current().queue(this)).used(workspace.storage());
        }
    }

    /**
     * Kernels of the processor's passes may ask for another run of the program, which a queue that runs late cannot.
     */
    private static boolean isOfCompiler(Operator operator) {
        return operator.getClass().getPackage() == FusedConvolution.class.getPackage();
    }

    /** Takes numbers from the generator once, so that the thread that calls can do so in place of the queue's. */
    private static boolean isPlainDraw(Operator operator) {
        return List.of(RandomUniform.class, RandomBernoulli.class, RandomNormal.class)
                .contains(operator.getClass());
    }

    @Override
    public void run(PointwiseProgram program, NDArray[] inputs, NDArray[] outputs, double... scalars) {
        double[] numbers = scalars.clone();
        launch("pointwise program", false, inputs, outputs, (x, y) -> processor.run(program, x, y, numbers));
    }

    @Override
    public void putRows(NDArray to, NDArray numbers, NDArray rows) {
        launch(
                "putRows",
                false,
                new NDArray[] {numbers, rows},
                new NDArray[] {to},
                (x, y) -> processor.putRows(y[0], x[0], x[1]));
    }

    /** What the processor does with the arrays as they really lie. */
    private interface Work {
        void run(NDArray[] inputs, NDArray[] outputs);
    }

    private void launch(String name, boolean draws, NDArray[] inputs, NDArray[] outputs, Work work) {
        FakeQueue to = (FakeQueue) Context.current().queue(this);
        Place[] in = places(inputs);
        Place[] out = places(outputs);
        boolean fails = faults.nextKernelFails();
        boolean training = Autograd.isTraining();
        int count = processor.threads();
        RandomGenerator.State random = draws ? RandomGenerator.next() : null;
        counters.launches.incrementAndGet();
        to.submit(name, () -> {
            InjectedFault.throwIf(fails, this, name);
            try (Context.Switch there = Context.switchTo(processor);
                    Scope scope = Scope.open();
                    Autograd.Mode mode = Autograd.pauseInMode(training)) {
                processor.setThreads(count);
                if (random != null) {
                    RandomGenerator.restore(random);
                }
                work.run(arrays(in), arrays(out));
            }
        });
        for (NDArray x : inputs) {
            to.used(x.storage());
        }
        for (NDArray y : outputs) {
            to.used(y.storage());
        }
    }

    /** Where an array really lies. */
    private record Place(long block, long bytes, Layout layout, long start) {}

    private static Place[] places(NDArray... arrays) {
        Place[] places = new Place[arrays.length];
        for (int i = 0; i < places.length; i++) {
            NDArray x = arrays[i];
            Storage s = x.storage();
            long start = (x.address() - s.address()) / x.dtype().bytes();
            places[i] = new Place(reveal(s), s.bytes(), x.layout(), start);
        }
        return places;
    }

    private NDArray[] arrays(Place... places) {
        NDArray[] arrays = new NDArray[places.length];
        for (int i = 0; i < arrays.length; i++) {
            Place p = places[i];
            Shape all = Shape.of(p.bytes() / p.layout().dtype().bytes());
            NDArray block = NDArray.over(
                    Storage.of(processor, p.block(), p.bytes(), () -> {}),
                    new Spec(all, p.layout().dtype()));
            arrays[i] = block.view(p.layout().shape(), p.layout().strides(), p.start());
        }
        return arrays;
    }

    @Override
    public void setThreads(int count) {
        processor.setThreads(count);
    }

    @Override
    public int threads() {
        return processor.threads();
    }

    @Override
    public String describe() {
        return device + ": puts work off by -Dkiln.fake.seed=" + Long.getLong("kiln.fake.seed", 1) + ", runs it on "
                + processor.describe();
    }
}
