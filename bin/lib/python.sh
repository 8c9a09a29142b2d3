# The virtual environment. Sourced by the programs in bin/.

# make_venv VENV REQUIREMENTS...: up to date when the files are the same as last time.
make_venv() {
  local venv=$1; shift
  # The system's Python: one from a user's own folder could not be run by other accounts.
  local python=/usr/bin/python3
  [ -x "$python" ] || fail "There is no /usr/bin/python3. Install the package python3."
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Berth needs Python 3.11 or later, and /usr/bin/python3 is $("$python" -V)."
  local stamp; stamp=$({ "$python" -V; cat "$@"; } | sha256sum)
  [ "$(cat "$venv/.stamp" 2>/dev/null)" != "$stamp" ] || return 0
  say "making the Python environment $venv"
  "$python" -m venv --clear "$venv" || fail "python3 -m venv failed. Install the package python3-venv."
  local log; log=$(mktemp)
  local options=(); local file
  for file in "$@"; do options+=(-r "$file"); done
  if ! "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "${options[@]}" >"$log" 2>&1; then
    tail -n 3 "$log" >&2
    fail "pip could not install the requirements (its last words are above; all of them in $log). Is the network up?"
  fi
  rm -f "$log"
  "$venv/bin/python" -m compileall -q "$venv/lib" >/dev/null 2>&1 || true  # some packages ship templates named .py
  printf '%s\n' "$stamp" >"$venv/.stamp"
}
