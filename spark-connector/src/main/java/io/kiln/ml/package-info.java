/** MLlib Estimators and Transformers. */
package io.kiln.ml;
