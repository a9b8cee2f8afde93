package io.kiln.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import io.kiln.ml.ImageClassifier;
import io.kiln.ml.NetClassifier;
import io.kiln.ml.NetEstimator;
import io.kiln.ml.NetRegressor;
import io.kiln.ml.NeuralCF;
import io.kiln.ml.SequenceForecaster;
import io.kiln.ml.TextClassifier;
import io.kiln.ml.TwoTower;
import io.kiln.ml.WideAndDeepClassifier;
import io.kiln.ml.WideAndDeepRegressor;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.ml.param.Params;
import org.junit.jupiter.api.Test;

class SettersTest {
    @Test
    void settersOfTraitsClassesAndMllibChainInJava() {
        NetClassifier classifier = new NetClassifier();
        NetClassifier same = classifier
                .setMaxEpochs(3)
                .setLabelCol("y")
                .setHandleInvalid("skip")
                .setClassWeights(new double[] {1, 2})
                .setNetwork("[]");
        assertSame(classifier, same);
        assertEquals(3, same.getMaxEpochs());
        assertEquals("y", same.getLabelCol());
        NetRegressor regressor = new NetRegressor()
                .setSeed(7)
                .setPredictionCol("z")
                .setStandardizeTarget(true)
                .setBatchSize(32);
        assertEquals(32, regressor.getBatchSize());
        NetEstimator estimator = new NetEstimator()
                .setInputCols(new String[] {"a"})
                .setMaxEpochs(2)
                .setMaxLength(9)
                .setTargetCols(new String[] {"b"});
        assertEquals(9, estimator.getMaxLength());
        TextClassifier texts = new TextClassifier()
                .setEncoder("cnn")
                .setMaxEpochs(2)
                .setMaxLength(9)
                .setPredictionCol("z")
                .setTextCol("t");
        assertEquals("t", texts.getTextCol());
    }

    @Test
    void everyParamOfAnEstimatorHasASetterAndAGetter() {
        for (Params estimator : List.of(
                new NetClassifier(),
                new NetRegressor(),
                new NetEstimator(),
                new TextClassifier(),
                new ImageClassifier(),
                new WideAndDeepClassifier(),
                new WideAndDeepRegressor(),
                new TwoTower(),
                new NeuralCF(),
                new SequenceForecaster())) {
            Set<String> methods = Stream.of(estimator.getClass().getMethods())
                    .map(Method::getName)
                    .collect(Collectors.toSet());
            List<String> without = Stream.of(estimator.params())
                    .map(p ->
                            Character.toUpperCase(p.name().charAt(0)) + p.name().substring(1))
                    .filter(name -> !methods.containsAll(Set.of("get" + name, "set" + name)))
                    .toList();
            assertEquals(List.of(), without, estimator.uid());
        }
    }
}
