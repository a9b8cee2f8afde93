package io.kiln.kvstore.transport;

import java.io.Serializable;
import java.security.SecureRandom;
import java.util.UUID;

/**
 * Identifies one group of workers: a random number per job and the attempt within it. Messages of any other group are
 * rejected.
 *
 * @param high upper half of the job's random number
 * @param low lower half of the job's random number
 * @param epoch the attempt, from 0
 */
public record GroupId(long high, long low, int epoch) implements Serializable {
    /**
     * Creates the group of a new job's first attempt.
     *
     * @return a group with an unguessable id
     */
    public static GroupId random() {
        SecureRandom r = new SecureRandom();
        return new GroupId(r.nextLong(), r.nextLong(), 0);
    }

    /**
     * The group of another attempt of the same job.
     *
     * @param attempt its number
     * @return the group
     */
    public GroupId attempt(int attempt) {
        return new GroupId(high, low, attempt);
    }

    @Override
    public String toString() {
        return new UUID(high, low) + "#" + epoch;
    }
}
