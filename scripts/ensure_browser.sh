#!/usr/bin/env bash
# Prints the path of a Chromium for the browser tests, installing one (and a font with Chinese
# characters) if there is none: by apt-get as root on Debian and its kin, else by Playwright.
# Best is its headless shell, the same engine without a desktop: the tests take two thirds of the time.
# Everything but the path goes to standard error.
set -euo pipefail

PY=${PY:-.venv/bin/python}

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
  echo "→ apt-get install $*" >&2
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

has_chinese_font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn file)" ]; }

find_browser() {
  local name
  if [ -n "${GLASSNET_CHROMIUM:-}" ]; then
    echo "$GLASSNET_CHROMIUM"
    return
  fi
  for name in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name"; then return; fi
  done
  name=$("$PY" - <<'PYTHON'
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
PYTHON
  )
  [ -x "$name" ] && echo "$name"
}

if [ -z "${GLASSNET_CHROMIUM:-}" ] && ! command -v chromium-headless-shell >/dev/null && can_apt; then
  apt_install chromium-headless-shell || echo '→ no such package: a whole Chromium, then' >&2
fi

if ! browser=$(find_browser); then
  if can_apt; then
    apt_install chromium
  else
    echo '→ playwright install chromium' >&2
    "$PY" -m playwright install chromium >&2
  fi
  browser=$(find_browser) || { echo 'No Chromium could be installed for the browser tests.' >&2; exit 1; }
fi

if ! has_chinese_font; then
  if can_apt; then
    apt_install fontconfig fonts-noto-cjk
  else
    echo 'No font with Chinese characters was found: screenshots will show empty boxes.' >&2
  fi
fi

echo "$browser"
