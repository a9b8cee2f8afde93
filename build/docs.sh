# Part of bin/kiln: the documentation's site.

# What builds the documentation's site, as pip knows it, and what draws its diagrams, as npm does.
readonly SITE=mkdocs-material==9.8.2
readonly MERMAID=mermaid@11.12.0

# Builds the site from docs/, the API documentation and the pictures that are there already. Broken links are errors.
site() {
  local folder=$KILN_HOME/target/mermaid
  need_python
  "$PYTHON" -c 'import material' 2>/dev/null || "$PYTHON" -m pip install --disable-pip-version-check -q "$SITE"
  if [ ! -e "$folder/mermaid.min.js" ] && command -v npm >/dev/null; then
    mkdir -p "$folder"
    (cd "$folder" && npm pack --silent "$MERMAID" && tar xzf mermaid-*.tgz --strip-components=2 package/dist/mermaid.min.js) ||
      echo "no Mermaid from npm"
  fi
  [ -e "$folder/mermaid.min.js" ] || echo "drawings appear as their source, because there is no npm to fetch Mermaid"
  NO_MKDOCS_2_WARNING=1 "$PYTHON" -m mkdocs build --quiet --strict --config-file "$KILN_HOME/mkdocs.yml"
}

docs() {
  [ $# = 0 ] || die "docs takes no arguments"
  quietly javadoc "API documentation" package -DskipTests -Dmaven.test.skip=true javadoc:javadoc -pl spark-connector -am
  if [ ! -e "$KILN_HOME/target/ui/fit-light.png" ] || [ ! -e "$KILN_HOME/target/shown" ] || [ ! -e "$KILN_HOME/target/notes" ]; then
    say "running notebooks and the pages' programs for their pictures, once …"
    KILN_JARS=$(jars)
    export KILN_JARS SPARK_LOCAL_IP=127.0.0.1
    need_python
    need_browser
    (cd "$KILN_HOME/python" && "$PYTHON" -m pytest -k "ended or runs" tests/test_ui.py tests/test_docs.py tests/test_notes.py) \
      >"$LOGS/pictures.log" 2>&1 || say "some pictures are missing (see $LOGS/pictures.log)"
  fi
  site
  say "open $KILN_HOME/target/site/index.html; for its search: python3 -m http.server --bind 127.0.0.1 --directory $KILN_HOME/target/site"
}

# Builds the site after the tests, which have made its API documentation and pictures.
test_docs() {
  local log=$LOGS/docs.log began=$SECONDS outcome=ok
  say "documentation's site …"
  # Not in a condition: `set -e` would have no effect within.
  (set -e; site) >"$log" 2>&1 & wait $! || outcome=FAILED
  [ "$outcome" = ok ] || tail -n 60 "$log" >&2
  VERDICTS+=("$outcome: documentation's site: $(find "$KILN_HOME/target/site" -maxdepth 2 -name '*.html' | wc -l) pages, $((SECONDS - began)) s")
  say "${VERDICTS[-1]}"
}
