# Words to the person at the terminal. Sourced by the programs in bin/.

say() { printf 'berth: %s\n' "$*"; }
fail() { printf 'berth: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "This needs root, and sudo is not installed. Run it as root once."
  fi
}
