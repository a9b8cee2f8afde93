package io.kiln.kvstore.transport;

import java.util.List;

/** How the ranks of a group learn each other's addresses. */
@FunctionalInterface
public interface Rendezvous {
    /**
     * Says where this rank listens and waits until all ranks have said so.
     *
     * @param group the group
     * @param rank this rank
     * @param size ranks in the group
     * @param address {@code host:port} of this rank
     * @return the addresses by rank
     * @throws io.kiln.kvstore.KVStoreException when not all have come in time; names who is missing
     */
    List<String> meet(GroupId group, int rank, int size, String address);
}
