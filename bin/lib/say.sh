# Messages on the terminal. Sourced by the programs in bin/.

say() { printf 'berth: %s\n' "$*"; }
fail() { printf 'berth: %s\n' "$*" >&2; exit 1; }

# as_root COMMAND...: run as root, with sudo if necessary. Call ask_for_root first.
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# ask_for_root WHAT COMMAND...: let sudo ask for its password now, before minutes of work. COMMAND is what an
# administrator can run instead if there is no sudo, or not for this user.
ask_for_root() {
  local what=$1 log; shift
  [ "$(id -u)" != 0 ] || return 0
  command -v sudo >/dev/null || fail "$what needs root, and sudo is not installed. As root, run once: $*"
  ! sudo -n true 2>/dev/null || return 0
  say "$what needs root: sudo may ask for your password"
  log=$(mktemp)
  if ! sudo true 2>"$log"; then fail "$what needs root, and sudo refused ($(last_words "$log")). As root, run once: $*"; fi
  rm -f "$log"
}

# last_words LOG: print its last non-empty line, without a program's own prefixes and colors.
last_words() {
  sed -E 's/\x1b\[[0-9;]*m//g; s/^(sudo|E|ERROR|npm (error|ERR!)): ?//; s/^npm (error|ERR!) ?//; s/[[:space:]]+$//' "$1" |
    awk 'NF {line = $0} END {print substr(line == "" ? "it said nothing" : line, 1, 240)}'
}

# cause LOG: print why a program failed and a known remedy, in one line.
cause() {
  local log=$1 line
  _found() { line=$(grep -m 1 -iE -- "$1" "$log") && line=$(sed -E 's/\x1b\[[0-9;]*m//g' <<<"$line" | tr -s '[:space:]' ' ' | cut -c 1-240); line=${line% }; [ -n "$line" ]; }
  if _found 'no space left on device|ENOSPC|disk quota exceeded|enough free space'; then echo "the disk is full. Make room (df -h), then run it again"
  elif _found 'read-only file system|EROFS'; then echo "the file system is read-only: $line"
  elif _found 'do not match the hashes|EINTEGRITY|integrity checksum failed|hash sum mismatch'; then
    echo "a file that came is not the one that the lock names (wrong hash), so nothing was installed. Ask whoever runs the registry or mirror, or use another"
  elif _found 'name resolution|could not resolve|failure resolving|EAI_AGAIN|ENOTFOUND|name or service not known|getaddrinfo'; then echo "a host name cannot be resolved; is the network up? ($line)"
  elif _found 'certificate.verify.failed|SELF_SIGNED_CERT|self.signed certificate|UNABLE_TO_(GET|VERIFY)|certificate verification failed'; then
    echo "the registry's certificate is not trusted here ($line)"
  elif _found 'proxy.*(error|refused|failed)|tunnel connection failed'; then echo "the proxy that this machine is set to does not work ($line)"
  elif _found '(^|[^0-9.])5[0-9][0-9] (server error|internal server|bad gateway|service unavailable|gateway time)|too many 5[0-9][0-9] error|E5[0-9][0-9]([^0-9]|$)| 5[0-9][0-9] +[A-Z]'; then
    echo "the registry is in trouble; try again later ($line)"
  elif _found 'connection refused|ECONNREFUSED|network is unreachable|ENETUNREACH|EHOSTUNREACH|no route to host|timed out|connect timeout|TimeoutError|SOCKET_TIMEOUT|ETIMEDOUT|ECONNRESET|connection reset|connection aborted|could not connect|cannot initiate the connection'; then
    echo "the registry cannot be reached; is the network up? ($line)"
  elif _found '40[13] (client error|forbidden|unauthorized)|E40[13]'; then echo "the registry refuses this machine ($line)"
  elif _found 'no matching distribution|E404|ETARGET|404 client error|unable to locate package|has no installation candidate'; then
    echo "the registry does not have it ($line)"
  elif _found 'permission denied|EACCES'; then echo "no permission ($line)"
  else last_words "$log"
  fi
}

# with_progress WHAT LOG COMMAND...: run it with its output in LOG, and report every ten seconds.
with_progress() {
  local what=$1 log=$2 status=0 ticker; shift 2
  (
    # The sleep outlives this by up to a second, and would block the next set-up.
    set_up_is_over
    seconds=0
    # Until it is killed, or the program is gone: a process that waits to be reaped has an empty command line.
    while sleep 1 >/dev/null 2>&1 && { read -r -d '' words </proc/$$/cmdline; } 2>/dev/null && [ -n "$words" ]; do
      seconds=$((seconds + 1))
      [ $((seconds % 10)) != 0 ] || say "$what: $seconds s so far ($(last_words "$log"))"
    done
  ) &
  ticker=$!
  "$@" >>"$log" 2>&1 || status=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  return "$status"
}

# one_at_a_time PLACE: wait for another set-up of the place. Call set_up_is_over before starting anything lasting.
one_at_a_time() {
  local lock=$1/.berth-set-up
  # Without write permission, nothing is set up; whatever needs that reports it.
  { exec {SET_UP}>>"$lock"; } 2>/dev/null || { SET_UP=; return 0; }
  flock -n "$SET_UP" || { say "waiting for another set-up of $1"; flock "$SET_UP"; }
}

set_up_is_over() { [ -z "${SET_UP:-}" ] || exec {SET_UP}>&-; SET_UP=; }
