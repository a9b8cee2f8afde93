package io.kiln.data.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class TextTest {
    @Test
    void tokenizersTakeTextApart() {
        assertEquals(List.of("It's", "a", "Test."), Tokenizer.whitespace().tokens("  It's a\tTest.\n"));
        assertEquals(
                List.of("it", "'", "s", "größe", "3", ",", "ok", "!"),
                Tokenizer.words().tokens("It's Größe 3, OK!"));
        assertEquals(List.of("a", "😀"), Tokenizer.characters().tokens("a😀"));
    }

    @Test
    void vocabularyOrdersByFrequencyAndThenByTheAlphabet() {
        List<List<String>> texts = List.of(List.of("b", "a", "c"), List.of("b", "c", "d"), List.of("b"));
        Vocabulary v = Vocabulary.build(texts, 1, 100, "<s>", "</s>");
        assertEquals(List.of("<unk>", "<pad>", "<s>", "</s>", "b", "c", "a", "d"), v.tokens());
        assertEquals(
                List.of("<unk>", "<pad>", "b", "c"),
                Vocabulary.build(texts, 2, 100).tokens());
        assertEquals(
                List.of("<unk>", "<pad>", "b"), Vocabulary.build(texts, 1, 3).tokens());
    }

    @Test
    void unknownTokensAreZeroAndPaddingIsLeftOutOfText() {
        Vocabulary v = Vocabulary.build(List.of(List.of("x", "y")), 1, 100);
        assertArrayEquals(new long[] {2, 0, 3}, v.encode(List.of("x", "z", "y"), 10));
        assertArrayEquals(new long[] {2}, v.encode(List.of("x", "y"), 1));
        assertEquals(List.of("x", "<unk>"), v.decode(2, 0, 1, 1));
        assertThrows(IndexOutOfBoundsException.class, () -> v.token(4));
        assertThrows(IllegalArgumentException.class, () -> new Vocabulary(List.of("a", "b")));
        assertThrows(IllegalArgumentException.class, () -> new Vocabulary(List.of("<unk>", "<pad>", "a", "a")));
    }

    @Test
    void bucketsHoldSequencesOfSimilarLengthsAndAllOfThem() {
        int[] lengths = {3, 9, 4, 20, 1, 8, 10, 2};
        LengthBuckets buckets = new LengthBuckets(lengths, new int[] {4, 10}, 2, 5);
        List<long[]> batches = buckets.batches(0);
        long[] all = batches.stream().flatMapToLong(LongStream::of).sorted().toArray();
        assertArrayEquals(LongStream.range(0, 8).toArray(), all);
        for (long[] batch : batches) {
            assertTrue(batch.length <= 2);
            long kinds = LongStream.of(batch)
                    .map(i -> lengths[(int) i] <= 4 ? 0 : lengths[(int) i] <= 10 ? 1 : 2)
                    .distinct()
                    .count();
            assertEquals(1, kinds);
        }
        assertEquals(text(batches), text(buckets.batches(0)));
        assertNotEquals(text(batches), text(buckets.batches(1)));
        assertThrows(IllegalArgumentException.class, () -> new LengthBuckets(lengths, new int[] {4, 4}, 2, 5));
    }

    private static String text(List<long[]> batches) {
        return batches.stream().map(Arrays::toString).toList().toString();
    }
}
