package io.kiln.kvstore;

import io.kiln.autograd.Autograd;
import io.kiln.kvstore.collective.Slices;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.DType;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.op.Role;
import io.kiln.optim.GradientClipping;
import io.kiln.optim.LossScaler;
import io.kiln.optim.Reach;
import io.kiln.optim.Step;
import io.kiln.optim.UpdateRule;
import io.kiln.optim.Updates;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Trains parameters that several workers share, synchronously: each step sums the gradients over the workers, each
 * worker updates the slices that it owns (and keeps their optimizer states), and all receive the new weights. M. Li et
 * al., OSDI 2014; the sharded states follow BigDL (J. Dai et al., SoCC 2019) and ZeRO stage 1.
 *
 * <p>Workflow of a step, the same on all workers:
 * <pre>
 * exchange.beginStep(samples);                                  // 0 for an empty batch
 * Autograd.backward(List.of(loss), null, false, exchange::gradientReady);
 * exchange.step();
 * </pre>
 * The parameters are in flat buckets of at least {@value #BUCKET_BYTES} bytes, the last ones first; a bucket is sent as
 * soon as its gradients are complete, while the backward pass continues.
 *
 * <p>With weights n_r (numbers of samples, or sums of sample weights) and mean gradients g_r of the workers, the update
 * uses Σ n_r g_r / Σ n_r: that of one worker with the combined batch. Sums are taken in rank order, so results have the
 * same bits in every run. A single worker neither copies nor sends anything.
 *
 * <p>With a {@link LossScaler}, losses are multiplied by {@link #lossScale} before the backward pass and the sums are
 * divided by it. All workers skip a step whose sums are not finite and change their scales alike: each checks the
 * slices that it owns, and the findings are summed over the workers before any of them updates.
 *
 * <p>Concurrency: one thread, which also runs the backward pass. Internally, a second thread communicates with the
 * other workers.
 */
public final class GradientExchange implements AutoCloseable {
    /** The size at which buckets are closed. */
    public static final long BUCKET_BYTES = 1 << 20;

    /**
     * A trained parameter.
     *
     * @param name its name in messages
     * @param value its initial value, copied; all workers use rank 0's
     * @param role its role, which determines weight decay
     */
    public record Parameter(String name, NDArray value, Role role) {}

    private final Transport transport;
    private final int rank;
    private final int size;
    private final UpdateRule rule;
    private final boolean layerwise;
    private final LossScaler scaler;
    private final List<Parameter> parameters;
    private final List<NDArray> weights = new ArrayList<>();
    private final Map<String, NDArray> gradients = new HashMap<>();
    private final Map<NDArray, Integer> indices = new IdentityHashMap<>();
    private final int[] bucketOf;
    private final List<ExchangeBucket> buckets = new ArrayList<>();
    private final ExchangeThread thread;
    private final WorkerSums sums;
    private final boolean[] ready;
    private boolean stepping;
    private int sent;
    private double weight;
    private double factor;
    private boolean overflowed;
    private boolean clipped;
    private long updates;
    private long waitedNanos;

    /**
     * Lays out the parameters and distributes rank 0's values to all workers.
     *
     * @param transport the group, not closed by this object; null for a single worker
     * @param parameters the trained parameters, in the order of the forward pass; the same on all workers
     * @param rule how to update them
     */
    public GradientExchange(Transport transport, List<Parameter> parameters, UpdateRule rule) {
        this(transport, parameters, rule, null);
    }

    /**
     * Lays out the parameters and distributes rank 0's values to all workers.
     *
     * @param transport the group, not closed by this object; null for a single worker
     * @param parameters the trained parameters, in the order of the forward pass; the same on all workers
     * @param rule how to update them
     * @param scaler how losses are scaled, in the same state on all workers and updated by {@link #step}; null for no
     *     scaling
     */
    public GradientExchange(Transport transport, List<Parameter> parameters, UpdateRule rule, LossScaler scaler) {
        this.transport = transport;
        this.rank = transport == null ? 0 : transport.rank();
        this.size = transport == null ? 1 : transport.size();
        this.rule = rule;
        this.scaler = scaler;
        OptimizerStates.checkReach("gradientExchange", rule);
        this.layerwise = rule.optimizer().reach() == Reach.PARAMETER;
        this.parameters = List.copyOf(parameters);
        this.ready = new boolean[parameters.size()];
        this.bucketOf = new int[parameters.size()];
        for (Parameter p : parameters) {
            checkParameter(p);
            weights.add(null);
        }
        place();
        if (size == 1) {
            this.thread = null;
            this.sums = null;
        } else {
            this.sums = new WorkerSums(transport);
            this.thread = new ExchangeThread(transport, buckets);
            boolean shared = false;
            try {
                thread.shareWeights();
                shared = true;
            } finally {
                if (!shared) {
                    close();
                }
            }
        }
    }

    private void checkParameter(Parameter p) {
        DType type = p.value.dtype();
        if (!p.role.isTrained()) {
            throw new KVStoreException("gradient exchange: parameter %s has role %s, which is not trained; leave it out"
                    .formatted(p.name, p.role));
        }
        if (!type.isFloating() || size > 1 && type != DType.FLOAT32 && type != DType.FLOAT64) {
            throw new KVStoreException(
                    "gradient exchange: parameter %s must be float32 or float64, got %s; keep weights in float32"
                            .formatted(p.name, p.value.spec()));
        }
    }

    private void place() {
        int n = parameters.size();
        long[] sizes = new long[n];
        DType[] dtypes = new DType[n];
        boolean[] decayed = new boolean[n];
        for (int i = 0; i < n; i++) {
            sizes[i] = parameters.get(i).value.size();
            dtypes[i] = parameters.get(i).value.dtype();
            decayed[i] = parameters.get(i).role.isDecayed();
        }
        BucketLayout layout = new BucketLayout(sizes, dtypes, decayed, size, layerwise, BUCKET_BYTES);
        for (BucketLayout.Bucket b : layout.buckets()) {
            ExchangeBucket bucket =
                    new ExchangeBucket(b, rank, size, rule.optimizer().stateCount());
            for (BucketLayout.Slot s : b.slots()) {
                NDArray value = parameters.get(s.parameter()).value;
                NDArray w = bucket.weights()
                        .view(value.shape(), value.shape().contiguousStrides(), s.offset())
                        .detach();
                w.assign(value);
                weights.set(s.parameter(), w);
                indices.put(w, s.parameter());
                bucketOf[s.parameter()] = buckets.size();
                if (bucket.sums() != null) {
                    NDArray g = bucket.sums().view(value.shape(), w.strides(), s.offset());
                    gradients.put(parameters.get(s.parameter()).name, g.detach());
                }
            }
            buckets.add(bucket);
        }
    }

    /**
     * The weights, in the order in which the parameters were given. Compute with these arrays: they are row-major views
     * of the buckets, and {@link #step} changes them in place. They are freed with this object.
     *
     * @return one array per parameter
     */
    public List<NDArray> weights() {
        return List.copyOf(weights);
    }

    /**
     * The place for a gradient from which it can be sent without a copy. It is freed with this object.
     *
     * @param name the parameter
     * @return a row-major array of the weight's shape, to be filled between {@link #beginStep} and
     *     {@link #gradientReady(NDArray, NDArray)}; null for a single worker, which uses gradients in place
     */
    public NDArray gradientPlace(String name) {
        return gradients.get(name);
    }

    /**
     * The number of updates so far.
     *
     * @return steps that changed the weights
     */
    public long updates() {
        return updates;
    }

    /**
     * How long {@link #step} has waited for the other workers, over all steps.
     *
     * @return seconds in which this worker did not compute
     */
    public double waitedSeconds() {
        return waitedNanos * 1e-9;
    }

    /**
     * The factor on the loss of the next step.
     *
     * @return the scale; 1 without a scaler
     */
    public double lossScale() {
        return scaler == null ? 1 : scaler.scale();
    }

    /**
     * Whether the last {@link #step} was skipped because a gradient was not finite; the same on all workers.
     *
     * @return false without a scaler
     */
    public boolean hasOverflowed() {
        return overflowed;
    }

    /**
     * Whether the last {@link #step} scaled the gradients down because their norm exceeded the rule's bound; the same
     * on all workers.
     *
     * @return false without a bound on the norm
     */
    public boolean hasClipped() {
        return clipped;
    }

    // ---- a step

    /**
     * Begins a step. Collective, but does not wait.
     *
     * @param samples the weight of this worker's batch: the number of samples, or the sum of sample weights, over which
     *     its gradient is a mean; 0 if it has no batch, and then no gradients are expected
     */
    public void beginStep(double samples) {
        beginStep(samples, samples);
    }

    /**
     * Begins a step whose gradients are not means over this worker's samples. Collective, but does not wait.
     *
     * @param samples the weight of this worker's batch, 0 if it does not count in the loss
     * @param factor the factor on its gradients before they are summed: with the same factor on all workers, they are
     *     gradients of sums over the samples, divided by that factor; 0 if no gradients will follow
     */
    public void beginStep(double samples, double factor) {
        if (stepping) {
            throw new KVStoreException("beginStep: the previous step is not finished; call step() first");
        }
        if (!(samples >= 0) || Double.isInfinite(samples)) {
            throw new KVStoreException("beginStep: samples must be at least 0, got " + samples);
        }
        if (!(samples > 0 ? factor > 0 : factor >= 0) || Double.isInfinite(factor)) {
            throw new KVStoreException(
                    "beginStep: factor must be > 0 with samples, and at least 0 without, got %s and %s samples"
                            .formatted(factor, samples));
        }
        weight = samples;
        this.factor = factor;
        overflowed = false;
        clipped = false;
        stepping = true;
        sent = 0;
        for (int i = 0; i < ready.length; i++) {
            ready[i] = false;
        }
        buckets.forEach(ExchangeBucket::beginStep);
        if (thread != null) {
            thread.sumWeights(samples);
        }
    }

    /**
     * Reports that the gradient of a weight is final. Intended as the {@code ready} hook of a backward pass.
     *
     * @param variable one of {@link #weights}; other variables are ignored
     */
    public void gradientReady(NDArray variable) {
        if (indices.containsKey(variable) && (factor > 0 || !stepping)) {
            gradientReady(variable, Autograd.gradient(variable));
            Autograd.consumeGradient(variable);
        }
    }

    /**
     * Reports that the gradient of a weight is final.
     *
     * @param variable one of {@link #weights}; other variables are ignored
     * @param gradient its gradient, which must not change until {@link #step} has ended
     */
    public void gradientReady(NDArray variable, NDArray gradient) {
        Integer i = indices.get(variable);
        if (i == null || factor == 0 && stepping) {
            return;
        }
        if (!stepping) {
            throw new KVStoreException("gradientReady: parameter %s: no step has begun; call beginStep first"
                    .formatted(parameters.get(i).name));
        }
        if (gradient == null || !gradient.shape().equals(variable.shape()) || gradient.dtype() != variable.dtype()) {
            throw new KVStoreException("gradientReady: parameter %s: gradient must be %s, got %s"
                    .formatted(parameters.get(i).name, variable.spec(), gradient == null ? "none" : gradient.spec()));
        }
        ready[i] = true;
        buckets.get(bucketOf[i]).gradient(i, gradient);
        sendFullBuckets();
    }

    private void sendFullBuckets() {
        while (thread != null
                && sent < buckets.size()
                && (factor == 0 || buckets.get(sent).isFull())) {
            thread.reduce(buckets.get(sent++), factor);
        }
    }

    /**
     * Finishes the step: waits for the sums, updates this worker's slices, and receives the others'.
     *
     * @return Σ n_r, the weight of the combined batch; if it is 0, or on {@link #hasOverflowed}, the weights do not
     *     change
     * @throws io.kiln.optim.LossScaleException on all workers, if gradients keep overflowing at the smallest loss scale
     */
    public double step() {
        if (!stepping) {
            throw new KVStoreException("step: no step has begun; call beginStep first");
        }
        for (int i = 0; factor > 0 && i < ready.length; i++) {
            if (!ready[i]) {
                throw new KVStoreException(
                        "step: parameter %s got no gradient: the loss does not depend on it, or backward was not given gradientReady"
                                .formatted(parameters.get(i).name));
            }
        }
        double total = weight;
        if (thread != null) {
            sendFullBuckets();
            long start = System.nanoTime();
            total = thread.finishReduce();
            waitedNanos += System.nanoTime() - start;
        }
        if (total > 0) {
            // A single worker has the unmodified gradients; the others have sums of gradients times their factors.
            double rescale = (size == 1 ? factor : 1) / total / lossScale();
            Looks looks = look();
            overflowed = scaler != null && looks.overflows > 0;
            if (!overflowed) {
                double clip = clipFactor(Math.sqrt(looks.squares) * rescale);
                clipped = clip < 1;
                update(rescale * clip);
            }
        }
        buckets.forEach(ExchangeBucket::endStep);
        stepping = false;
        if (total > 0 && scaler != null) {
            scaler.observe(overflowed);
        }
        return total;
    }

    /** Global facts about all gradients: the number of workers that own non-finite ones, and the sum of squares. */
    private record Looks(double overflows, double squares) {}

    private boolean clips() {
        return Double.isFinite(rule.clipNorm());
    }

    private Looks look() {
        if (scaler == null && !clips()) {
            return new Looks(0, 0);
        }
        boolean finite = true;
        double squares = 0;
        try (Scope scope = Scope.open()) {
            List<NDArray> gradients = new ArrayList<>();
            for (ExchangeBucket b : buckets) {
                b.parts(layerwise).forEach(p -> gradients.add(p.gradient()));
            }
            finite = scaler == null || GradientClipping.areFinite(gradients);
            squares = clips() ? GradientClipping.sumOfSquares(gradients) : 0;
        }
        double[] all = {finite ? 0 : 1, squares};
        if (sums != null) {
            sums.sum(all);
        }
        return new Looks(all[0], all[1]);
    }

    private double clipFactor(double norm) {
        double clip = clips() ? GradientClipping.factor(norm, rule.clipNorm()) : 1;
        if (Double.isNaN(clip)) {
            throw new KVStoreException(
                    "step: update %d: the gradients' norm is not finite; lower the learning rate or look for bad data"
                            .formatted(updates + 1));
        }
        return clip;
    }

    private void update(double rescale) {
        updates++;
        for (ExchangeBucket b : buckets) {
            try (Scope scope = Scope.open()) {
                for (ExchangeBucket.Part p : b.parts(layerwise)) {
                    Role role = p.decayed() ? Role.WEIGHT : Role.BIAS;
                    Step step = rule.step(updates, role, rescale);
                    Updates.run(rule.optimizer(), step, p.weight(), p.gradient(), p.states());
                }
            }
            if (thread != null) {
                thread.gather(b);
            }
        }
        if (thread != null) {
            long start = System.nanoTime();
            thread.finishGather();
            waitedNanos += System.nanoTime() - start;
        }
    }

    /**
     * Replaces arrays by their weighted means over the workers, such as the running statistics of batch normalisation.
     * Collective.
     *
     * @param arrays float32 or float64 arrays, of the same shapes on all workers
     * @param samples this worker's weight, at least 0; if all are 0, rank 0's arrays are used
     */
    public void average(List<NDArray> arrays, double samples) {
        if (sums != null) {
            sums.average(arrays, samples);
        }
    }

    // ---- snapshots

    /**
     * Writes this worker's part of the training state: its slices of the weights and of the optimizer's states, the
     * number of updates, and the loss scaler's state.
     *
     * @param out receives {@link #sliceBytes} bytes, for {@link #restoreSlice} on the same rank of a group of the same
     *     size
     * @throws IOException if writing fails
     */
    public void saveSlice(OutputStream out) throws IOException {
        requireNoStep("saveSlice");
        try (Scope scope = Scope.open()) {
            SliceCodec.write(out, rank, size, new SliceCodec.Counters(updates, scaler), buckets);
        }
    }

    /**
     * The length of what {@link #saveSlice} writes.
     *
     * @return bytes
     */
    public long sliceBytes() {
        try (Scope scope = Scope.open()) {
            return SliceCodec.length(buckets);
        }
    }

    /**
     * Restores a saved state. Collective: all workers restore slices of the same version.
     *
     * @param in what {@link #saveSlice} wrote on this rank; read up to its last byte and no further
     * @throws KVStoreException if the slice belongs to another training
     * @throws IOException if reading fails or the slice ends early; the state is then partly old, partly new
     */
    public void restoreSlice(InputStream in) throws IOException {
        requireNoStep("restoreSlice");
        try (Scope scope = Scope.open()) {
            SliceCodec.Counters saved = SliceCodec.read(in, rank, size, buckets);
            updates = saved.updates();
            if (scaler != null) {
                scaler.restore(saved.scale());
            }
        }
        if (thread != null) {
            buckets.forEach(thread::gather);
            thread.finishGather();
        }
    }

    private void requireNoStep(String operation) {
        if (stepping) {
            throw new KVStoreException(operation + ": a step is under way; call it after step()");
        }
    }

    /** Ends the thread and frees buckets and weights. In the middle of a step this aborts the group. */
    @Override
    public void close() {
        if (thread != null) {
            thread.close();
            sums.close();
        }
        weights.forEach(NDArray::close);
        gradients.values().forEach(NDArray::close);
        buckets.forEach(ExchangeBucket::close);
    }

    /** {@return rank, workers and buckets} */
    @Override
    public String toString() {
        List<Slices> slices = buckets.stream().map(b -> b.layout().slices()).toList();
        return String.format(
                Locale.ROOT,
                "gradient exchange: rank %d of %d, %d parameters in buckets %s",
                rank,
                size,
                parameters.size(),
                slices);
    }
}
