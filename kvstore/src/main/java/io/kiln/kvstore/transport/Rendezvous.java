package io.kiln.kvstore.transport;

import java.util.List;

/** Lets the ranks of a group learn each other's addresses. */
@FunctionalInterface
public interface Rendezvous {
    /**
     * Announces where this rank listens and waits until all ranks have done so.
     *
     * @param group the group
     * @param rank this rank
     * @param size number of ranks in the group
     * @param address {@code host:port} of this rank
     * @return the addresses by rank
     * @throws io.kiln.kvstore.KVStoreException if some ranks do not arrive in time; names the missing ones
     */
    List<String> meet(GroupId group, int rank, int size, String address);
}
