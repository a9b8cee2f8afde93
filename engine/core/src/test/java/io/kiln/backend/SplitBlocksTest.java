package io.kiln.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Blocks are cut from segments, merged when they are free, and pass from queue to queue in order. */
class SplitBlocksTest {
    private static final long KIB = 1L << 10;
    private static final long MIB = 1L << 20;

    private final Segments system = new Segments();
    private final NotedQueue queue = new NotedQueue();
    private final NotedQueue other = new NotedQueue();

    @Test
    void requestsShareSegmentsByTheirSize() {
        Allocator a = system.allocator(1L << 40);
        Storage small = a.allocate(null, queue, 1);
        Storage next = a.allocate(null, queue, MIB);
        assertEquals(2 * MIB, a.heldBytes());
        assertEquals(small.address() + 512, next.address());
        Storage large = a.allocate(null, queue, MIB + 1);
        Storage beside = a.allocate(null, queue, 10 * MIB - 1);
        assertEquals(22 * MIB, a.heldBytes());
        assertEquals(large.address() + MIB + 512, beside.address());
        a.allocate(null, queue, 10 * MIB);
        assertEquals(32 * MIB, a.heldBytes());
        a.allocate(null, queue, 20 * MIB + 1);
        assertEquals(54 * MIB, a.heldBytes());
        assertEquals(4, system.asked());
        assertEquals(512 + MIB + MIB + 512 + 10 * MIB + 10 * MIB + 20 * MIB + 512, a.liveBytes());
    }

    @Test
    void theSmallestBlockThatIsLargeEnoughIsTaken() {
        Allocator a = system.allocator(1L << 40);
        Storage wide = a.allocate(null, queue, 64 * KIB);
        Storage between = a.allocate(null, queue, KIB);
        Storage narrow = a.allocate(null, queue, 32 * KIB);
        Storage last = a.allocate(null, queue, KIB);
        wide.release();
        narrow.release();
        assertEquals(narrow.address(), a.allocate(null, queue, 31 * KIB).address());
        assertEquals(wide.address(), a.allocate(null, queue, 33 * KIB).address());
        assertEquals(wide.address() + 33 * KIB, a.allocate(null, queue, 2 * KIB).address());
        assertEquals(2, between.references() + last.references());
        assertEquals(List.of(), queue.recorded, "no event is recorded for a block");
    }

    @Test
    void freeNeighboursBecomeOneBlock() {
        Allocator a = system.allocator(1L << 40);
        Storage[] blocks = new Storage[8];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = a.allocate(null, queue, 256 * KIB);
        }
        assertEquals(2 * MIB, a.heldBytes());
        for (int i : new int[] {1, 3, 2}) { // beside nothing free, beside nothing free, between both
            blocks[i].release();
        }
        assertEquals(3 * 256 * KIB, a.fragmentedBytes());
        assertEquals(blocks[1].address(), a.allocate(null, queue, 768 * KIB).address());
        for (int i : new int[] {6, 7, 5}) { // before a free one, at the end, behind a live one
            blocks[i].release();
        }
        assertEquals(blocks[5].address(), a.allocate(null, queue, 768 * KIB).address());
        assertEquals(2 * MIB, a.heldBytes());
        assertEquals(0, a.fragmentedBytes());
    }

    @Test
    void onlyWholeSegmentsAreGivenBack() {
        Allocator a = system.allocator(1L << 40);
        Storage kept = a.allocate(null, queue, KIB);
        Storage large = a.allocate(null, queue, 30 * MIB);
        large.release();
        a.trim();
        assertEquals(2 * MIB, a.heldBytes());
        assertEquals(2 * MIB - KIB, a.fragmentedBytes());
        assertEquals(queue.recorded, queue.awaited, "the last use of the segment");
        kept.release();
        assertEquals(0, a.fragmentedBytes());
        a.trim();
        assertEquals(0, a.heldBytes());
        assertEquals(0, system.bytes());
    }

    @Test
    void aSegmentStaysWhoseWorkDoesNotEnd() {
        Allocator a = system.allocator(1L << 40);
        queue.fails = true;
        queue.ends = false;
        Storage block = a.allocate(null, queue, KIB);
        block.release();
        assertThrows(IllegalStateException.class, a::trim);
        assertEquals(2 * MIB, a.heldBytes());
        assertEquals(block.address(), a.allocate(null, queue, KIB).address());
    }

    @Test
    void anotherQueueHasMemoryOfItsOwnWhileThereIsSome() {
        Allocator a = system.allocator(4 * MIB);
        Storage block = a.allocate(null, queue, MIB);
        block.release();
        Storage own = a.allocate(null, other, MIB);
        assertEquals(4 * MIB, a.heldBytes());
        assertEquals(List.of(), other.awaited);
        // The budget is spent: it waits for all that the queue has been given by now.
        Storage second = a.allocate(null, other, MIB);
        Storage third = a.allocate(null, other, MIB);
        assertEquals(block.address(), third.address());
        assertEquals(own.address() + MIB, second.address());
        assertEquals(queue.recorded, other.awaited);
        assertEquals(1, queue.recorded.size());
        assertEquals(4 * MIB, a.heldBytes());
    }

    @Test
    void whatAnotherQueueLeavesOfABlockStaysWithItsOwn() {
        Allocator a = system.allocator(2 * MIB);
        a.allocate(null, queue, MIB).release();
        Storage taken = a.allocate(null, other, 512 * KIB);
        Storage rest = a.allocate(null, queue, MIB);
        assertEquals(taken.address() + 512 * KIB, rest.address());
        assertEquals(List.of(), queue.awaited);
    }

    @Test
    void aBlockOfTwoQueuesIsTakenBehindBoth() {
        Allocator a = system.allocator(2 * MIB);
        Storage first = a.allocate(null, queue, 512 * KIB);
        Storage second = a.allocate(null, other, 512 * KIB);
        assertEquals(first.address() + 512 * KIB, second.address());
        first.release();
        second.release();
        queue.awaited.clear();
        other.awaited.clear();
        queue.recorded.clear();
        NotedQueue third = new NotedQueue();
        assertEquals(first.address(), a.allocate(null, third, 2 * MIB).address());
        assertEquals(2, third.awaited.size());
        assertTrue(third.awaited.containsAll(queue.recorded) && third.awaited.containsAll(other.recorded));
    }

    @Test
    void whatAQueueLeavesOfABlockThatItSharedIsItsOwn() {
        Allocator a = system.allocator(2 * MIB);
        Storage first = a.allocate(null, queue, 512 * KIB);
        Storage second = a.allocate(null, other, 512 * KIB);
        first.release();
        second.release();
        queue.awaited.clear();
        for (int i = 0; i < 4; i++) {
            a.allocate(null, queue, 512 * KIB);
        }
        assertEquals(1, queue.awaited.size(), "it has waited for the other once");
    }

    @Test
    void whatAClosedQueueHasLeftIsEverybodys() {
        Allocator a = system.allocator(1L << 40);
        Storage weights = a.allocate(null, queue, KIB);
        Storage block = a.allocate(null, queue, KIB);
        block.release();
        queue.close();
        assertEquals(block.address(), a.allocate(null, other, KIB).address());
        assertEquals(List.of(), other.awaited);
        assertEquals(2 * MIB, a.heldBytes());
        assertEquals(1, weights.references());
    }

    @Test
    void aBlockIsKeptThatAQueueCannotWaitFor() {
        Allocator a = system.allocator(2 * MIB);
        Storage block = a.allocate(null, queue, KIB);
        block.release();
        other.refuses = true;
        assertThrows(IllegalStateException.class, () -> a.allocate(null, other, KIB));
        assertEquals(0, a.liveBytes());
        a.trim();
        assertEquals(0, a.heldBytes(), "the segment is whole");
    }

    @Test
    void nearTheBudgetASegmentIsAsLargeAsItsBlock() {
        Allocator a = system.allocator(10 * MIB);
        a.allocate(null, queue, 3 * MIB);
        assertEquals(3 * MIB, a.heldBytes());
        Storage second = a.allocate(null, queue, 7 * MIB);
        assertEquals(10 * MIB, a.heldBytes());
        second.release();
        assertEquals(second.address(), a.allocate(null, queue, KIB).address(), "a small one, where no segment fits");
    }

    @Test
    void whenTheSystemRefusesFreeSegmentsAreGivenBack() {
        Allocator a = system.allocator(1L << 40);
        a.allocate(null, queue, 30 * MIB).release();
        a.allocate(null, queue, 40 * MIB).release();
        system.refuse(1);
        Storage block = a.allocate(null, queue, 50 * MIB);
        assertEquals(50 * MIB, a.heldBytes());
        assertEquals(50 * MIB, system.bytes());
        assertEquals(50 * MIB, block.bytes());
    }

    @Test
    void theErrorNamesWhatIsKeptInPieces() {
        Allocator a = system.allocator(2 * MIB);
        Storage[] blocks = new Storage[8];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = a.allocate(null, i == 2 ? other : queue, 256 * KIB);
        }
        blocks[0].release();
        blocks[2].release();
        blocks[3].release();
        blocks[6].release();
        OutOfDeviceMemoryException e =
                assertThrows(OutOfDeviceMemoryException.class, () -> a.allocate(null, queue, 768 * KIB));
        assertEquals(
                "memory: asked for 786432 bytes, 1048576 bytes are held by live arrays of this process, 1048576 are kept"
                        + " between them, in pieces of at most 524288, the budget is 2097152 bytes; lower the batch;"
                        + " Scope.debugDump() names the live arrays of a thread",
                e.getMessage());
        assertEquals(MIB, a.fragmentedBytes());
        blocks[1].release();
        assertEquals(blocks[0].address(), a.allocate(null, queue, 768 * KIB).address());
    }

    /** The arrays of an encoder's training step: activations, and weights of attention that grow as the square of the length. */
    private void step(Allocator a, long length) {
        Deque<Storage> arrays = new ArrayDeque<>();
        for (int layer = 0; layer < 4; layer++) {
            for (int i = 0; i < 10; i++) {
                arrays.push(a.allocate(null, queue, 8 * length * 256 * Float.BYTES));
            }
            for (int i = 0; i < 2; i++) {
                arrays.push(a.allocate(null, queue, 8 * 4 * length * length * Float.BYTES));
            }
        }
        while (!arrays.isEmpty()) {
            arrays.pop().release();
        }
    }

    /** What both hold after steps with sequences from 16 to so many tokens, each 8 longer than the one before. */
    @ParameterizedTest
    @CsvSource({"256, 144, 208, 1401", "512, 416, 1660, 4649"})
    void sequencesOfGrowingLengthHoldFarLessThanBySizeClasses(long longest, long needed, long held, long byClasses) {
        Segments unsplit = new Segments();
        Allocator classes = new Allocator(
                Allocator.Order.QUEUED, unsplit::allocate, unsplit::free, 1L << 40, () -> "lower the batch");
        Allocator split = system.allocator(1L << 40);
        for (long length = 16; length <= longest; length += 8) {
            step(classes, length);
            step(split, length);
        }
        assertEquals(needed, split.peakBytes() >> 20, "MiB that the longest needs");
        assertEquals(held, split.heldBytes() >> 20, "MiB held");
        assertEquals(byClasses, classes.heldBytes() >> 20, "MiB held by size classes");
    }
}
