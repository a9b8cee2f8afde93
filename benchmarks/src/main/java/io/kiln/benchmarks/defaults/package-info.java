/** Scores of plain networks with default settings beside those of other models: what the estimators' defaults were chosen by. */
package io.kiln.benchmarks.defaults;
