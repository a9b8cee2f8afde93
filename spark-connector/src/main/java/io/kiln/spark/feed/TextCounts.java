package io.kiln.spark.feed;

import io.kiln.data.text.Vocabulary;
import io.kiln.spark.stage.SparkJob;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import scala.Tuple2;

/** Counts the texts of the training rows, for vocabularies: the most frequent first, equally frequent ones alphabetically. */
public final class TextCounts {
    private static final Comparator<Tuple2<String, Long>> ORDER = Comparator.<Tuple2<String, Long>, Long>comparing(
                    Tuple2::_2, Comparator.reverseOrder())
            .thenComparing(Tuple2::_1);

    private TextCounts() {}

    /**
     * Counts the texts of columns.
     *
     * @param data the rows
     * @param fields the fields whose texts are to be counted, by input
     * @param validation name of the boolean column that marks validation rows, which are not counted; empty for none
     * @param idle the longest time for which no task of a job may be running because others hold all slots
     * @return the texts by input, in the form of {@link Vocabulary}
     * @throws IllegalArgumentException if there are more different texts than a vocabulary can hold
     * @throws ExecutionException if a Spark job failed or was cancelled
     * @throws TimeoutException if a job could not start in time
     * @throws InterruptedException if this thread was interrupted
     */
    public static Map<String, List<String>> of(
            Dataset<?> data, Map<String, Field> fields, String validation, Duration idle)
            throws ExecutionException, TimeoutException, InterruptedException {
        Dataset<Row> rows = data.toDF();
        if (!validation.isEmpty()) {
            rows = rows.where(functions.not(FeedColumn.find(data.schema(), "validationIndicatorCol", validation)
                    .of(rows)));
        }
        Map<String, List<String>> vocabularies = new LinkedHashMap<>();
        for (Map.Entry<String, Field> input : fields.entrySet()) {
            vocabularies.put(input.getKey(), count(rows, input.getValue(), idle));
        }
        return vocabularies;
    }

    private static List<String> count(Dataset<Row> rows, Field field, Duration idle)
            throws ExecutionException, TimeoutException, InterruptedException {
        TextCoding coding = (TextCoding) field.coding();
        int room = coding.room();
        JavaPairRDD<String, Long> counts = rows.select(field.of(rows).get(0))
                .toJavaRDD()
                .flatMap(row -> units(row, coding))
                .mapToPair(unit -> new Tuple2<>(unit, 1L))
                .reduceByKey(Long::sum);
        List<String> texts = new ArrayList<>(List.of(Vocabulary.UNKNOWN, Vocabulary.PADDING));
        try {
            SparkJob.collect(counts.mapPartitions(it -> most(it, room).iterator()), idle).stream()
                    .filter(t -> !t._1().equals(Vocabulary.UNKNOWN) && !t._1().equals(Vocabulary.PADDING))
                    .sorted(ORDER)
                    .limit(room)
                    .forEach(t -> texts.add(t._1()));
        } finally {
            removeShuffle(counts);
        }
        coding.check(field, texts);
        return List.copyOf(texts);
    }

    private static void removeShuffle(JavaPairRDD<?, ?> counts) {
        SparkContext sc = counts.context();
        if (!sc.isStopped()
                && sc.cleaner().isDefined()
                && counts.rdd().dependencies().head() instanceof ShuffleDependency<?, ?, ?> d) {
            sc.cleaner().get().doCleanupShuffle(d.shuffleId(), true);
        }
    }

    private static Iterator<String> units(Row row, TextCoding coding) {
        List<String> units = new ArrayList<>();
        if (!row.isNullAt(0)) {
            List<?> values = row.get(0) instanceof scala.collection.Seq<?> ? row.getList(0) : List.of(row.get(0));
            for (Object v : values) {
                if (v != null) {
                    units.addAll(coding.units(v.toString()));
                }
            }
        }
        return units.iterator();
    }

    /** The most frequent texts of a partition. */
    private static List<Tuple2<String, Long>> most(Iterator<Tuple2<String, Long>> counts, int room) {
        PriorityQueue<Tuple2<String, Long>> kept = new PriorityQueue<>(ORDER.reversed());
        while (counts.hasNext()) {
            kept.add(counts.next());
            if (kept.size() > (long) room + 2) { // the reserved ones may be among them
                kept.remove();
            }
        }
        return List.copyOf(kept);
    }
}
