# Python environments, from lock files. Sourced by the programs in bin/.

# The system's Python: other accounts could not run one in a user's own folder.
PYTHON=/usr/bin/python3

need_python() {
  [ -x "$PYTHON" ] || fail "There is no $PYTHON. Install the package python3."
  "$PYTHON" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "Berth needs Python 3.11 or later, and $PYTHON is $("$PYTHON" -V)."
}

# venv_stamp VENV TREE LOCK
venv_stamp() { { "$PYTHON" -V; uname -m; printf '%s\n' "$1"; cat "$2/requirements-pip.txt" "$2/$3"; } | sha256sum; }

# make_venv VENV TREE LOCK: create VENV.new, unless VENV matches the lock file.
make_venv() {
  local venv=$1 tree=$2 lock=$3 stamp
  stamp=$(venv_stamp "$venv" "$tree" "$lock")
  ! is_made "$venv" "$stamp" || return 0
  need_space "$(dirname "$venv")" 1000
  make_aside "$venv"
  say "making the Python environment $venv"
  install_locks "$venv.new" "$tree/requirements-pip.txt" "$tree/$lock"
  "$PYTHON" -I -m compileall -q -s "$venv.new" -p "$venv" "$venv.new/lib" >/dev/null 2>&1 || true  # some packages ship templates named .py
  # Programs contain the path of their interpreter: use the final one.
  "$PYTHON" -I - "$venv.new" "$venv" <<'PYTHON'
import pathlib, sys
fresh, venv = map(str.encode, sys.argv[1:])
for file in pathlib.Path(sys.argv[1], "bin").iterdir():
    if file.is_file() and not file.is_symlink() and (data := file.read_bytes()).startswith(b"#!"):
        file.write_bytes(data.replace(fresh, venv))
PYTHON
  made "$venv" "$stamp"
}

# install_locks VENV LOCK...: create an environment, and install each lock file with the pip of the one before.
install_locks() {
  local venv=$1 lock log settings=(); shift
  log=$(mktemp)
  if ! "$PYTHON" -I -m venv "$venv" >"$log" 2>&1; then
    ! grep -q ensurepip "$log" || fail "Python environments cannot be made here. Install the package python3-venv."
    fail "python3 -m venv could not make $venv: $(cause "$log")."
  fi
  _read_pip_settings "$log"
  for lock; do
    # Install only what the lock file names, without running any code of a package.
    if ! with_progress "pip installs $(basename "$lock" .txt)" "$log" _without_links "${settings[@]}" "$venv/bin/python" -I -m pip install \
      -vv --progress-bar off --no-compile --disable-pip-version-check --no-input --require-hashes --only-binary :all: --no-deps -r "$lock"; then
      fail "pip could not install $(basename "$lock"): $(cause "$log"). $(_pip_index)All its words: $log"
    fi
  done
  rm -f "$log"
}

# pip reports why an index page is unavailable only between thousands of links that it skips.
_without_links() {
  "$@" 2>&1 | { grep --line-buffered -E "$TELLING" || [ $? = 1 ]; }  # 1: no matching line
}
TELLING='^(ERROR|WARNING|Could not fetch|Collecting|Installing|Successfully| +(Downloading|Expected|Got) )|HASHES|Error'

# Set `settings` to a command that keeps only pip's settings (files and variables) about the source of packages
# and the way to it. Others, such as user=true or a constraint, would change what is installed.
_read_pip_settings() { # LOG
  local line
  "$PYTHON" -I "$LIB/pip_settings.py" >"$1.settings" 2>"$1" ||
    fail "pip's settings cannot be read ($(last_words "$1")). Correct them, or leave them out: PIP_CONFIG_FILE=/dev/null $0"
  settings=(env)
  for line in $(compgen -e | grep '^PIP_' || true); do settings+=(-u "$line"); done
  while IFS= read -r -d '' line; do settings+=("$line"); done <"$1.settings"
  settings+=(PIP_CONFIG_FILE=/dev/null)
  rm -f "$1.settings"
  : >"$1"
}

# Print the index that pip is configured to use, without credentials in its address.
_pip_index() {
  local each
  for each in "${settings[@]}"; do
    case "$each" in PIP_INDEX_URL=*)
      echo "pip is set to the index $(sed -E 's#^PIP_INDEX_URL=##; s#//[^/@]*@#//#' <<<"$each") (pip config debug says where); without any settings: PIP_CONFIG_FILE=/dev/null $0. " ;;
    esac
  done
}
LIB=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
