# Python environments, from locks. Sourced by the programs in bin/.

# make_venv VENV LOCK CODE: up to date when Python and the lock are the same as last time.
# A new one is made aside, so that a failure, whenever it comes, leaves the old one as it was.
make_venv() {
  local venv=$1 lock=$2 code=$3
  # The system's Python: one from a user's own folder could not be run by other accounts.
  local python=/usr/bin/python3
  [ -x "$python" ] || fail "There is no /usr/bin/python3. Install the package python3."
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Berth needs Python 3.11 or later, and /usr/bin/python3 is $("$python" -V)."
  local stamp; stamp=$({ "$python" -V; uname -m; printf '%s\n' "$venv"; cat "$code/requirements-pip.txt" "$lock"; } | sha256sum)
  [ "$(cat "$venv/.stamp" 2>/dev/null)" != "$stamp" ] || return 0
  say "making the Python environment $venv"
  local fresh=$venv.new
  rm -rf "$fresh"
  _install_lock "$fresh" "$code/requirements-pip.txt" "$lock"
  "$python" -m compileall -q -s "$fresh" -p "$venv" "$fresh/lib" >/dev/null 2>&1 || true  # some packages ship templates named .py
  # Programs name their interpreter by its path: that of the final place.
  "$python" - "$fresh" "$venv" <<'PYTHON'
import pathlib, sys
fresh, venv = map(str.encode, sys.argv[1:])
for file in pathlib.Path(sys.argv[1], "bin").iterdir():
    if file.is_file() and not file.is_symlink() and (data := file.read_bytes()).startswith(b"#!"):
        file.write_bytes(data.replace(fresh, venv))
PYTHON
  printf '%s\n' "$stamp" >"$fresh/.stamp"
  rm -rf "$venv.old"
  [ ! -e "$venv" ] || mv "$venv" "$venv.old"
  mv "$fresh" "$venv"
  rm -rf "$venv.old"
}

# _install_lock VENV LOCK...: a new environment with each lock in turn, by the pip that the one before left.
_install_lock() {
  local venv=$1 lock log; shift
  log=$(mktemp)
  /usr/bin/python3 -m venv "$venv" >"$log" 2>&1 || { tail -n 3 "$log" >&2; fail "python3 -m venv failed. Install the package python3-venv."; }
  for lock; do
    # Nothing but what the lock names, and no code of a package runs while it is installed.
    if ! "$venv/bin/python" -m pip install --quiet --no-compile --disable-pip-version-check --no-input \
      --require-hashes --only-binary :all: --no-deps -r "$lock" >"$log" 2>&1; then
      tail -n 3 "$log" >&2
      fail "pip could not install $(basename "$lock") (its last words are above; all of them in $log)."
    fi
  done
  rm -f "$log"
}
