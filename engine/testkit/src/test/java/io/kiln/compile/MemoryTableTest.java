package io.kiln.compile;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.kiln.ndarray.DType;
import io.kiln.ndarray.Shape;
import io.kiln.ndarray.Spec;
import io.kiln.nn.Block;
import io.kiln.nn.loss.SoftmaxCrossEntropy;
import io.kiln.nn.zoo.InceptionV3;
import io.kiln.nn.zoo.ResNet;
import io.kiln.nn.zoo.Vgg;
import io.kiln.view.InternalMemory;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/**
 * How much memory compiling saves: internal memory of well-known networks at batch 32, planned and not run, against the
 * results of all operators as the network is written, none of which shares memory (what MXNet's table calls naive).
 */
class MemoryTableTest {
    private static final Spec LABELS = new Spec(Shape.of(32), DType.INT32);

    private static void check(String name, Block net, long side) {
        Spec images = new Spec(Shape.of(32, 3, side, side), DType.FLOAT32);
        InternalMemory train = InternalMemory.ofTraining(net, new SoftmaxCrossEntropy(), images, LABELS);
        InternalMemory predict = InternalMemory.ofPrediction(net, images);
        System.out.printf(Locale.ROOT, "%-10s %-8s %s%n", name, "train", train);
        System.out.printf(Locale.ROOT, "%-10s %-8s %s%n", name, "predict", predict);
        assertTrue(train.naive() >= 2 * train.planned(), name + " train " + train);
        assertTrue(predict.naive() >= 4 * predict.planned(), name + " predict " + predict);
    }

    @Test
    void internalMemoryIsHalfInTrainingAndAQuarterInPrediction() {
        check("vgg16", Vgg.of(16, false, 1000), 224);
        check("resnet50", ResNet.v1(50).build(), 224);
        check("inception", InceptionV3.of(1000), 299);
    }
}
