package io.kiln.spark.device;

import io.kiln.backend.Backends;
import io.kiln.backend.Device;
import io.kiln.backend.Survey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Chooses among the devices of a machine.
 *
 * @param setting what the Param asks for
 * @param surveys what the machine has, in the order of preference
 * @param environment the process's environment variables
 */
record DeviceChooser(DeviceSetting setting, List<Survey> surveys, Map<String, String> environment) {
    private static final String CUDA = "cuda";
    private static final String VISIBLE = "CUDA_VISIBLE_DEVICES";

    static DeviceChooser here(DeviceSetting setting) {
        return new DeviceChooser(setting, Backends.surveys(), System.getenv());
    }

    /**
     * The turn of a task among those on its machine that share devices which Spark has not assigned.
     *
     * @param number from 0
     * @param isShared whether several tasks may compute on one device
     */
    record Turn(int number, boolean isShared) {}

    /**
     * Chooses a device.
     *
     * @param addresses the GPUs that Spark has assigned to the task; empty if it assigns none
     * @param turn the task's turn
     * @return the device
     * @throws IllegalStateException if there is none; says what was found, and the remedy
     */
    Survey.Found choose(List<String> addresses, Turn turn) {
        if (setting.isAuto()) {
            return addresses.isEmpty() ? cpu() : automatic(addresses);
        }
        Survey survey = surveys.stream()
                .filter(s -> s.type().equals(setting.type()))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(
                        "no backend for it on the class path; add the jar kiln-engine-" + setting.type()));
        if (survey.usable().isEmpty()) {
            throw new IllegalStateException(found(survey));
        }
        if (setting.hasIndex()) {
            return named(survey, addresses);
        }
        List<Survey.Found> accelerators = survey.accelerators();
        if (!addresses.isEmpty()) {
            return assigned(survey, only(addresses, turn));
        }
        if (accelerators.isEmpty()) {
            return survey.usable().get(0);
        }
        if (turn.number() >= accelerators.size() && !turn.isShared()) {
            throw new IllegalStateException(
                    "worker %d of this machine finds no device of its own: workers do not share GPUs; lower numWorkers, or use more machines; %s"
                            .formatted(turn.number() + 1, found(survey)));
        }
        return accelerators.get(turn.number() % accelerators.size());
    }

    private static String only(List<String> addresses, Turn turn) {
        if (addresses.size() > 1 && !turn.isShared()) {
            throw new IllegalStateException(
                    "Spark has assigned GPUs %s to one task, but a worker computes on one; set spark.task.resource.gpu.amount to 1"
                            .formatted(addresses));
        }
        return addresses.get(0);
    }

    private Survey.Found cpu() {
        return surveys.stream()
                .filter(s -> s.type().equals(Device.cpu().type()))
                .flatMap(s -> s.devices().stream())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(
                        "no backend for the CPU on the class path; add the jar kiln-engine-cpu"));
    }

    private Survey.Found automatic(List<String> addresses) {
        List<String> reasons = new ArrayList<>();
        for (Survey survey : surveys) {
            if (survey.type().equals(Device.cpu().type())) {
                continue;
            }
            if (survey.accelerators().isEmpty()) {
                reasons.add(found(survey));
                continue;
            }
            try {
                return assigned(survey, addresses.get(0));
            } catch (IllegalStateException e) {
                reasons.add(e.getMessage());
            }
        }
        throw new IllegalStateException(
                "Spark has assigned GPU %s to the task, but no backend on the class path can use it: %s; mend this, or set device to cpu"
                        .formatted(
                                addresses.get(0),
                                reasons.isEmpty()
                                        ? "add the jar kiln-engine-cuda or kiln-engine-opencl"
                                        : String.join("; ", reasons)));
    }

    private Survey.Found named(Survey survey, List<String> addresses) {
        Survey.Found named = survey.devices().stream()
                .filter(d -> d.device().index() == setting.index() && d.isUsable())
                .findFirst()
                .orElseThrow(() -> new IllegalStateException(found(survey)));
        if (named.kind() != Survey.Kind.CPU && !addresses.isEmpty()) {
            Survey.Found given = assigned(survey, addresses.get(0));
            if (!given.equals(named)) {
                throw new IllegalStateException(
                        "Spark has assigned GPU %s, which is %s, to the task; set device to %s, without an index, to use what Spark assigns"
                                .formatted(addresses.get(0), given.device(), setting.type()));
            }
        }
        return named;
    }

    /** The device of an address that Spark has assigned. */
    private Survey.Found assigned(Survey survey, String address) {
        List<Survey.Found> gpus = survey.devices().stream()
                .filter(d -> d.kind() != Survey.Kind.CPU)
                .toList();
        if (gpus.isEmpty()) {
            throw new IllegalStateException(
                    "Spark has assigned GPU %s to the task, but %s has no GPU; install its driver for it, or name a device, such as %s; %s"
                            .formatted(
                                    address,
                                    survey.type(),
                                    survey.usable()
                                            .get(0)
                                            .device()
                                            .toString()
                                            .replace('(', ':')
                                            .replace(")", ""),
                                    found(survey)));
        }
        List<Survey.Found> byName = gpus.stream()
                .filter(d -> d.addresses().stream().anyMatch(a -> isShortFor(address, a)))
                .toList();
        int position = byName.size() == 1 ? gpus.indexOf(byName.get(0)) : position(survey, address);
        if (position < 0 || position >= gpus.size()) {
            throw new IllegalStateException(
                    "Spark has assigned GPU %s to the task; %s".formatted(address, found(survey)));
        }
        Survey.Found gpu = gpus.get(position);
        if (!gpu.isUsable()) {
            throw new IllegalStateException("Spark has assigned GPU %s to the task: %s".formatted(address, gpu));
        }
        return gpu;
    }

    /** The position of a GPU among those of its type that this process sees. */
    private int position(Survey survey, String address) {
        String visible = survey.type().equals(CUDA) ? environment.get(VISIBLE) : null;
        if (visible == null || visible.isBlank()) {
            return number(address);
        }
        List<String> list = List.of(visible.strip().split("\\s*,\\s*"));
        for (int i = 0; i < list.size(); i++) {
            if (number(list.get(i)) >= 0 ? list.get(i).equals(address) : isShortFor(list.get(i), address)) {
                return i;
            }
        }
        throw new IllegalStateException(
                "Spark has assigned GPU %s to the task, but %s is %s: let the discovery script print names from that list; %s"
                        .formatted(address, VISIBLE, visible, found(survey)));
    }

    private static int number(String address) {
        return address.matches("\\d{1,9}") ? Integer.parseInt(address) : -1;
    }

    /** UUIDs may be shortened, as in CUDA_VISIBLE_DEVICES; numbers may not. */
    private static boolean isShortFor(String address, String full) {
        return number(address) < 0 && !address.isEmpty() && full.startsWith(address);
    }

    /** What there is of a type of device. */
    static String found(Survey survey) {
        String devices = survey.devices().isEmpty()
                ? "no " + survey.type() + " device"
                : survey.devices().stream().map(Survey.Found::toString).collect(Collectors.joining("; "));
        String components =
                survey.components().stream().map(Survey.Component::toString).collect(Collectors.joining("; "));
        return "found: " + devices + (components.isEmpty() ? "" : "; " + components);
    }
}
