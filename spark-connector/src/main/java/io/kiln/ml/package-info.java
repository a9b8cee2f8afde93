/** Kiln's MLlib Estimators and their models, {@code NetClassifier} and {@code NetRegressor}. */
package io.kiln.ml;
