package io.kiln.kvstore;

import io.kiln.backend.Backends;
import io.kiln.backend.Collective;
import io.kiln.backend.Device;
import io.kiln.ndarray.InPlace;
import io.kiln.ndarray.NDArray;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The store's sums and copies over several devices of one type, where their backend has something better than copies one
 * by one ({@link Collective}): for arrays of a floating dtype, one on each device, the stored one's among them.
 */
final class DeviceCollectives implements AutoCloseable {
    private final Map<List<Device>, Optional<Collective>> known = new HashMap<>();

    /** Adds up arrays; false, and nothing done, where the caller has to. */
    boolean reduce(List<NDArray> values, NDArray sum) {
        Optional<Collective> all = over(values, sum);
        all.ifPresent(c -> {
            c.reduce(values.stream().map(DeviceCollectives::rowMajor).toList(), sum);
            InPlace.bumpVersions(sum);
        });
        return all.isPresent();
    }

    /** Copies a stored array to others; false, and nothing done, where the caller has to. */
    boolean broadcast(NDArray stored, List<NDArray> outs) {
        if (!outs.stream().allMatch(NDArray::isContiguous)) {
            return false;
        }
        Optional<Collective> all = over(outs, stored);
        all.ifPresent(c -> {
            c.broadcast(stored, outs);
            InPlace.bumpVersions(outs.toArray(new NDArray[0]));
        });
        return all.isPresent();
    }

    private Optional<Collective> over(List<NDArray> arrays, NDArray stored) {
        Device home = stored.device();
        if (arrays.size() < 2 || stored.size() == 0 || !stored.dtype().isFloating()) {
            return Optional.empty();
        }
        TreeSet<Device> devices = new TreeSet<>(Comparator.comparingInt(Device::index));
        for (NDArray a : arrays) {
            if (!a.device().type().equals(home.type()) || !devices.add(a.device())) {
                return Optional.empty();
            }
        }
        return devices.contains(home)
                ? known.computeIfAbsent(List.copyOf(devices), Backends.get(home)::collective)
                : Optional.empty();
    }

    private static NDArray rowMajor(NDArray a) {
        if (a.isContiguous()) {
            return a;
        }
        NDArray copy = a.newArray(a.spec());
        copy.assign(a);
        return copy;
    }

    /** Ends all of them, also where one has failed. */
    @Override
    public void close() {
        RuntimeException failed = null;
        for (Optional<Collective> one : known.values()) {
            try {
                one.ifPresent(Collective::close);
            } catch (IllegalStateException e) {
                failed = e;
            }
        }
        known.clear();
        if (failed != null) {
            throw failed;
        }
    }
}
