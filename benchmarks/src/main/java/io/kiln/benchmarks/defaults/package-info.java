/**
 * Compares plain networks with the estimators' default settings with other models, as the basis for choosing these
 * defaults.
 */
package io.kiln.benchmarks.defaults;
