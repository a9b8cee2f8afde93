/** Kiln's MLlib Estimators and their models, {@code NetClassifier}, {@code NetRegressor} and {@code NetEstimator}. */
package io.kiln.ml;
