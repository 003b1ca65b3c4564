#!/usr/bin/env bash
# Runs every suite and ends with one line a suite. Goes on after a failure, so that one run tells all.
# Browser tests have processes of their own: Playwright's sync API and asyncio tests do not share one.
# What browser tests measure on the way is noise here: `make bench ONLY=browser` takes it alone.
#
# Environment: PY (interpreter), WORKERS (cores; pytest-xdist gets more processes, as tests wait for servers and pages), GLASSNET_CHROMIUM (a browser).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Tests start many interpreters: without bytecode each would compile the application anew.
unset PYTHONDONTWRITEBYTECODE

PY=${PY:-.venv/bin/python}
WORKERS=${WORKERS:-2}
summary=()
failed=0

suite() { # suite NAME COMMAND…
  local name=$1 start=$SECONDS verdict=passed
  shift
  printf '\n=== %s\n' "$name"
  if ! "$@"; then
    verdict=FAILED
    failed=1
  fi
  summary+=("$(printf '%-8s %-28s %4d s' "$verdict" "$name" $((SECONDS - start)))")
}

browser_suite() { # browser_suite OPTION…
  GLASSNET_CHROMIUM=$(PY="$PY" bash scripts/ensure_browser.sh) || return 1
  export GLASSNET_CHROMIUM
  "$PY" -m pytest --durations=12 tests/browser -p no:schemathesis -m 'not deep and not gpu' "$@"
}

suite 'Vitest' node_modules/.bin/vitest run
suite 'pytest' "$PY" -m pytest --durations=12 -n "$((WORKERS + 1))" --dist loadscope --no-loadscope-reorder tests --ignore=tests/browser
suite 'pytest, browser' browser_suite -n "$((WORKERS + 1))" --dist loadfile

printf '\n=== summary\n'
printf '%s\n' "${summary[@]}"
exit "$failed"
