package io.kiln.spark.stage;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Tracks running tasks. For Spark, a job that failed or was cancelled is over at once, while its tasks continue until
 * they notice; the caller must wait for what they hold and write in the meantime. Spark's status tracker does not help:
 * it forgets tasks that started shortly after their stage.
 *
 * <p>Concurrency: written by Spark's listener thread, read by one other thread.
 */
final class StageWatch extends SparkListener implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StageWatch.class);

    private static final String QUEUE = "kiln";

    private final SparkContext sc;
    private final Map<Integer, List<Integer>> stages = new HashMap<>();
    private final Map<Integer, Set<Long>> running = new HashMap<>();
    private final Set<Integer> ended = new HashSet<>();
    private long lastRunning = System.nanoTime();
    private boolean caughtUp;

    private StageWatch(SparkContext sc) {
        this.sc = sc;
    }

    /** Starts watching; call it before the job is submitted. */
    static StageWatch open(SparkContext sc) {
        StageWatch watch = new StageWatch(sc);
        sc.listenerBus()
                .addToQueue(
                        watch,
                        QUEUE); // its own queue, because the shared one drops events when other listeners are slow
        return watch;
    }

    /** How long no task of the given jobs has been running. */
    synchronized Duration idle(List<Integer> jobs) {
        long now = System.nanoTime();
        if (jobs.stream()
                .flatMap(j -> stages.getOrDefault(j, List.of()).stream())
                .anyMatch(running::containsKey)) {
            lastRunning = now;
        }
        return Duration.ofNanos(now - lastRunning);
    }

    /** Arrives when every event posted before it has been delivered. */
    private record Marker(StageWatch of) implements SparkListenerEvent {
        @Override
        public boolean logEvent() {
            return false;
        }
    }

    /**
     * Waits until no task of finished jobs is running, even if the thread is interrupted; its interrupt status is kept.
     *
     * @param jobs their ids
     * @param longest how long to wait before giving up with a warning
     */
    void awaitEnd(List<Integer> jobs, Duration longest) {
        sc.listenerBus().post(new Marker(this));
        long deadline = System.nanoTime() + longest.toNanos();
        boolean interrupted = false;
        synchronized (this) {
            long left = longest.toMillis();
            while (left > 0 && !sc.isStopped() && !isOver(jobs)) {
                try {
                    wait(Math.min(left, 100));
                } catch (InterruptedException e) {
                    interrupted = true;
                }
                left = (deadline - System.nanoTime()) / 1_000_000;
            }
            if (left <= 0) {
                LOG.warn(
                        "tasks {} of jobs {} are still running {} s after they were told to stop",
                        running,
                        jobs,
                        longest.toSeconds());
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isOver(List<Integer> jobs) {
        return caughtUp && jobs.stream().allMatch(this::isOver);
    }

    /** A job that could not be submitted has no start, no end and no tasks. */
    private boolean isOver(int job) {
        List<Integer> of = stages.get(job);
        return of == null || ended.contains(job) && of.stream().noneMatch(running::containsKey);
    }

    @Override
    public synchronized void onJobStart(SparkListenerJobStart e) {
        stages.put(
                e.jobId(),
                CollectionConverters.asJava(e.stageInfos()).stream()
                        .map(s -> s.stageId())
                        .toList());
    }

    @Override
    public synchronized void onJobEnd(SparkListenerJobEnd e) {
        ended.add(e.jobId());
        notifyAll();
    }

    @Override
    public synchronized void onTaskStart(SparkListenerTaskStart e) {
        running.computeIfAbsent(e.stageId(), s -> new HashSet<>())
                .add(e.taskInfo().taskId());
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd e) {
        lastRunning = System.nanoTime();
        running.computeIfPresent(e.stageId(), (s, tasks) -> {
            tasks.remove(e.taskInfo().taskId());
            return tasks.isEmpty() ? null : tasks;
        });
        notifyAll();
    }

    @Override
    public synchronized void onOtherEvent(SparkListenerEvent e) {
        if (e instanceof Marker m && m.of == this) {
            caughtUp = true;
            notifyAll();
        }
    }

    @Override
    public void close() {
        sc.removeSparkListener(this);
    }
}
