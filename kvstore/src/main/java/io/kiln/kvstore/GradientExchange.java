package io.kiln.kvstore;

import io.kiln.autograd.Autograd;
import io.kiln.kvstore.transport.Transport;
import io.kiln.ndarray.NDArray;
import io.kiln.ndarray.Scope;
import io.kiln.optim.LossScaler;
import io.kiln.optim.UpdateRule;
import io.kiln.optim.WeightAverage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
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
 * <p>A parameter with row-sparse gradients is in no bucket. Its rows are owned in turn by the ranks: each sends the rows of
 * its gradient to their owners, which add them in rank order, update these rows and their states lazily, and send the new
 * rows to all. Traffic and time grow with the rows that the batches touch, not with the table.
 *
 * <p>Concurrency: one thread, which also runs the backward pass. Internally, a second thread communicates with the
 * other workers.
 */
public final class GradientExchange implements AutoCloseable {
    /** The size at which buckets are closed. */
    public static final long BUCKET_BYTES = 1 << 20;

    private final Transport transport;
    private final int rank;
    private final int size;
    private final SliceUpdate rule;
    private final LossScaler scaler;
    private final List<TrainedParameter> parameters;
    private final List<NDArray> weights = new ArrayList<>();
    private final Map<String, NDArray> gradients = new HashMap<>();
    private final Map<NDArray, Integer> indices = new IdentityHashMap<>();
    private final int[] bucketOf;
    private final List<ExchangeBucket> buckets = new ArrayList<>();
    private final Map<String, RowTable> tables = new LinkedHashMap<>();
    private final GradientLook look;
    private final BucketUpdates bucketUpdates;
    private final ExchangeThread thread;
    private final RowExchange rows;
    private final WorkerSums sums;
    private final boolean[] ready;
    private boolean stepping;
    private int sent;
    private double weight;
    private double factor;
    private boolean overflowed;
    private boolean swapped;
    private boolean clipped;
    private long updates;
    private boolean averaged;
    private long waitedNanos;

    /**
     * Lays out the parameters and distributes rank 0's values to all workers.
     *
     * @param transport the group, not closed by this object; null for a single worker
     * @param parameters the trained parameters, in the order of the forward pass; the same on all workers
     * @param rule how to update them
     */
    public GradientExchange(Transport transport, List<TrainedParameter> parameters, UpdateRule rule) {
        this(transport, parameters, rule, null, null);
    }

    /**
     * Lays out the parameters and distributes rank 0's values to all workers.
     *
     * @param transport the group, not closed by this object; null for a single worker
     * @param parameters the trained parameters, in the order of the forward pass; the same on all workers
     * @param rule how to update them
     * @param scaler how losses are scaled, in the same state on all workers and updated by {@link #step}; null for no
     *     scaling
     * @param averaging how weights are averaged, see {@link #swapAverages}: over the updates, or equally over the calls of
     *     {@link #addToAverages}; null for no averages
     */
    public GradientExchange(
            Transport transport,
            List<TrainedParameter> parameters,
            UpdateRule rule,
            LossScaler scaler,
            WeightAverage.Rule averaging) {
        this.transport = transport;
        this.rank = transport == null ? 0 : transport.rank();
        this.size = transport == null ? 1 : transport.size();
        this.rule = new SliceUpdate(rule, averaging);
        this.scaler = scaler;
        OptimizerStates.checkReach("gradientExchange", rule);
        this.parameters = List.copyOf(parameters);
        this.ready = new boolean[parameters.size()];
        this.bucketOf = new int[parameters.size()];
        for (TrainedParameter p : parameters) {
            p.check(size > 1);
            weights.add(null);
        }
        place();
        this.look = new GradientLook(scaler != null, Double.isFinite(rule.clipNorm()), buckets);
        this.bucketUpdates = new BucketUpdates(this.rule, buckets);
        if (size == 1) {
            this.thread = null;
            this.sums = null;
            this.rows = null;
        } else {
            this.sums = new WorkerSums(transport);
            this.thread = new ExchangeThread(transport, buckets, weights.get(0).backend());
            this.rows = new RowExchange(transport, List.copyOf(tables.values()));
            boolean shared = false;
            try {
                thread.shareWeights();
                rows.shareWeights();
                shared = true;
            } finally {
                if (!shared) {
                    close();
                }
            }
        }
    }

    private void place() {
        List<Integer> dense = new ArrayList<>();
        for (int i = 0; i < parameters.size(); i++) {
            TrainedParameter p = parameters.get(i);
            if (p.byRows() && rule.updatesLazily()) {
                RowTable t = new RowTable(p, rank, size, rule.stateCount());
                tables.put(p.name(), t);
                weights.set(i, t.weight());
                indices.put(t.weight(), i);
            } else {
                dense.add(i);
            }
        }
        BucketLayout layout = BucketLayout.of(parameters, dense, size, rule.isLayerwise(), BUCKET_BYTES);
        for (BucketLayout.Bucket b : layout.buckets()) {
            ExchangeBucket bucket = new ExchangeBucket(b, rank, size, rule.stateCount());
            for (BucketLayout.Slot s : b.slots()) {
                NDArray value = parameters.get(s.parameter()).value();
                NDArray w = bucket.weights()
                        .view(value.shape(), value.shape().contiguousStrides(), s.offset())
                        .detach();
                w.assign(value);
                weights.set(s.parameter(), w);
                indices.put(w, s.parameter());
                bucketOf[s.parameter()] = buckets.size();
                if (bucket.sums() != null) {
                    NDArray g = bucket.sums().view(value.shape(), w.strides(), s.offset());
                    gradients.put(parameters.get(s.parameter()).name(), g.detach());
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
        requireWeights("beginStep", true);
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
        Arrays.fill(ready, false);
        buckets.forEach(ExchangeBucket::beginStep);
        tables.values().forEach(RowTable::endStep);
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
        requireStep("gradientReady", i);
        if (tables.containsKey(parameters.get(i).name())) {
            throw new KVStoreException("gradientReady: parameter %s has gradients by rows; report them with rowsReady"
                    .formatted(parameters.get(i).name()));
        }
        if (gradient == null || !gradient.shape().equals(variable.shape()) || gradient.dtype() != variable.dtype()) {
            throw new KVStoreException("gradientReady: parameter %s: gradient must be %s, got %s"
                    .formatted(parameters.get(i).name(), variable.spec(), gradient == null ? "none" : gradient.spec()));
        }
        ready[i] = true;
        buckets.get(bucketOf[i]).gradient(i, gradient);
        sendFullBuckets();
    }

    private void requireStep(String operation, int parameter) {
        if (!stepping) {
            throw new KVStoreException("%s: parameter %s: no step has begun; call beginStep first"
                    .formatted(operation, parameters.get(parameter).name()));
        }
    }

    /**
     * Whether the gradients of a parameter are row-sparse.
     *
     * @param name the parameter
     * @return true if they are reported by {@link #rowsReady}
     */
    public boolean isByRows(String name) {
        return tables.containsKey(name);
    }

    /**
     * Reports that the row-sparse gradient of a weight is final. Both arrays may change afterwards.
     *
     * @param name a parameter that {@linkplain #isByRows is by rows}
     * @param numbers the numbers of rows, int32 or int64; rows with the same number are added, in order
     * @param rows their gradients, [n,…]
     */
    public void rowsReady(String name, NDArray numbers, NDArray rows) {
        RowTable t = tables.get(name);
        if (t == null) {
            throw new KVStoreException(
                    "rowsReady: the gradients of parameter %s are dense; report them with gradientReady"
                            .formatted(name));
        }
        int i = indices.get(t.weight());
        if (factor == 0 && stepping) {
            return;
        }
        requireStep("rowsReady", i);
        ready[i] = true;
        t.gradient(numbers, rows);
    }

    /**
     * Which gradients of the next step are worth reporting at once.
     *
     * @return a forecast of one step
     */
    public SendForecast forecast() {
        return new SendForecast(i -> parameters.get(i).name(), thread == null ? List.of() : buckets);
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
                                .formatted(parameters.get(i).name()));
            }
        }
        double total = weight;
        if (thread != null) {
            sendFullBuckets();
            long start = System.nanoTime();
            rows.reduce(factor);
            total = thread.finishReduce();
            waitedNanos += System.nanoTime() - start;
        }
        if (total > 0) {
            // A single worker has the unmodified gradients; the others have sums of gradients times their factors.
            double rescale = (size == 1 ? factor : 1) / total / lossScale();
            GradientFacts facts = look();
            overflowed = scaler != null && facts.overflows() > 0;
            if (!overflowed) {
                double clip = facts.clipFactor(rescale, rule.rule().clipNorm(), updates + 1);
                clipped = clip < 1;
                update(rescale * clip);
            }
        }
        buckets.forEach(ExchangeBucket::endStep);
        tables.values().forEach(RowTable::endStep);
        stepping = false;
        if (total > 0 && scaler != null) {
            scaler.observe(overflowed);
        }
        return total;
    }

    private GradientFacts look() {
        try (Scope scope = Scope.open()) {
            List<NDArray> ofRows = tables.values().stream()
                    .filter(t -> t.sum() != null)
                    .map(t -> t.sum().rows())
                    .toList();
            return look.look(rule.isLayerwise(), ofRows, sums);
        }
    }

    private void update(double rescale) {
        updates++;
        bucketUpdates.run(updates, rescale, thread == null ? b -> {} : thread::gather);
        tables.values().forEach(t -> t.update(rule.rule(), updates, rescale));
        if (thread != null) {
            long start = System.nanoTime();
            rows.gather();
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

    /**
     * Adds the weights, as they are now, to averages that are equal ones.
     *
     * @param number how many weights the averages are of after that; 1 begins anew
     * @throws KVStoreException if there are no such averages
     */
    public void addToAverages(long number) {
        requireNoStep("addToAverages");
        rule.requireEqual("addToAverages");
        buckets.forEach(b -> rule.follow(b, number));
        averaged = true;
    }

    /**
     * Exchanges the weights and their averages: {@link #weights} hold the averages until this method is called again,
     * after which they hold the same bits as before. In between no step may be begun and no slice saved. Collective.
     *
     * @throws KVStoreException if no weights are averaged, or none were added yet
     */
    public void swapAverages() {
        requireNoStep("swapAverages");
        rule.requireAverages("swapAverages", rule.followsUpdates() ? updates > 0 : averaged);
        for (ExchangeBucket b : buckets) {
            rule.swap(b);
            if (thread != null) {
                thread.gather(b);
            }
        }
        if (thread != null) {
            thread.finishGather();
        }
        swapped = !swapped;
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
            SliceCodec.write(
                    out, rank, size, new SliceCodec.Counters(updates, scaler), buckets, List.copyOf(tables.values()));
        }
    }

    /**
     * The length of what {@link #saveSlice} writes.
     *
     * @return bytes
     */
    public long sliceBytes() {
        try (Scope scope = Scope.open()) {
            return SliceCodec.length(buckets, List.copyOf(tables.values()));
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
            SliceCodec.Counters saved = SliceCodec.read(in, rank, size, buckets, List.copyOf(tables.values()));
            updates = saved.updates();
            averaged = true;
            if (scaler != null) {
                scaler.restore(saved.scale());
            }
        }
        if (thread != null) {
            buckets.forEach(thread::gather);
            rows.shareOwned();
            thread.finishGather();
        }
    }

    private void requireWeights(String operation, boolean needed) {
        if (needed && swapped) {
            throw new KVStoreException(
                    operation + ": the averages are in the place of the weights; swap them back first");
        }
    }

    private void requireNoStep(String operation) {
        if (stepping) {
            throw new KVStoreException(operation + ": a step is under way; call it after step()");
        }
        requireWeights(operation, !operation.equals("swapAverages"));
    }

    /** Ends the thread and frees buckets and weights. In the middle of a step this aborts the group. */
    @Override
    public void close() {
        if (thread != null) {
            thread.close();
            sums.close();
            rows.close();
        }
        look.close();
        bucketUpdates.close();
        weights.forEach(NDArray::close);
        tables.values().forEach(RowTable::close);
        gradients.values().forEach(NDArray::close);
        buckets.forEach(ExchangeBucket::close);
    }

    /** {@return rank, workers and buckets} */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "gradient exchange: rank %d of %d, %d parameters in %d buckets and tables %s",
                rank,
                size,
                parameters.size(),
                buckets.size(),
                tables.keySet());
    }
}
