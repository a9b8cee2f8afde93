package io.kiln.spark.feed;

import java.io.Serializable;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;

/**
 * Vocabularies that are sent to an application's executors once, instead of with the closures of tasks. Serialized, as
 * with a model in a closure, it forgets what has been sent.
 *
 * <p>Concurrency: thread-safe.
 */
public final class SentTexts implements Serializable {
    private static final long serialVersionUID = 1L;

    private transient Map<List<String>, Broadcast<Texts>> sent;
    private transient String application;

    /** Creates one that has sent nothing. */
    public SentTexts() {
        // what is transient is created when it is needed, also after deserialization
    }

    /**
     * A field whose tasks find its vocabulary in their executor.
     *
     * @param field the field
     * @param session the session of the executors
     * @return the same field if it has no vocabulary
     */
    Field in(Field field, SparkSession session) {
        return field.coding() instanceof TextCoding c && !c.vocabulary().isEmpty()
                ? field.with(c.sent(on(session, c.vocabulary())))
                : field;
    }

    /** The broadcast variable of a list; Spark removes it when neither this nor a DataFrame refers to it. */
    private synchronized Broadcast<Texts> on(SparkSession session, List<String> texts) {
        String id = session.sparkContext().applicationId();
        if (!id.equals(application)) {
            sent = new IdentityHashMap<>(); // comparing large lists would take as long as sending them
            application = id;
        }
        return sent.computeIfAbsent(texts, t -> JavaSparkContext.fromSparkContext(session.sparkContext())
                .broadcast(new Texts(t)));
    }
}
