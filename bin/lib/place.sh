# The place where the code runs, and its replacement. Sourced by the programs in bin/.

# choose_place TREE [PLACE]: set PLACE, CODE (the tree that runs), VENV, and ASSETS (the npm packages).
# An ordinary user runs the checkout itself. Root copies it to PLACE, since the checkout may be unreadable
# to other users (in /root), or writable by one of them.
choose_place() {
  local tree=$1
  NEW=()
  if [ "$(id -u)" != 0 ]; then
    PLACE=$tree CODE=$tree VENV=$tree/.venv ASSETS=$tree/node_modules
    return 0
  fi
  PLACE=${2:-/opt/berth}
  CODE=$PLACE/code VENV=$PLACE/venv ASSETS=$PLACE/node_modules
  umask 022
  [ -d "$PLACE" ] || mkdir -p "$PLACE" || fail "$PLACE cannot be made (the reason is above)."
}

# is_current PLACE STAMP: test whether it was made from the current sources. Stamps are written last.
is_current() { [ "$(cat "$1/.stamp" 2>/dev/null)" = "$2" ]; }

# is_made PLACE STAMP: test the same, or whether an interrupted set-up has completed PLACE.new.
is_made() {
  ! is_current "$1" "$2" || return 0
  is_current "$1.new" "$2" || return 1
  NEW+=("$1")
}

# make_aside PLACE: create an empty PLACE.new. PLACE itself keeps running until put_in_place.
make_aside() {
  need_writable "$(dirname "$1")"
  rm -rf "$1.new" || fail "$1.new, left by an earlier set-up, cannot be removed (the reason is above)."
  mkdir -p "$1.new"
}

# made PLACE STAMP: mark PLACE.new as complete.
made() { printf '%s\n' "$2" >"$1.new/.stamp"; NEW+=("$1"); }

# put_in_place: rename everything that was made aside, at once and at the end.
put_in_place() {
  local each
  for each in "${NEW[@]}"; do
    rm -rf "$each.old"
    [ ! -e "$each" ] || mv "$each" "$each.old"
    mv "$each.new" "$each"
    rm -rf "$each.old"
  done
  NEW=()
}

# remove_old TREE: remove what a killed put_in_place left behind.
remove_old() {
  rm -rf "$VENV.old" "$ASSETS.old"
  [ "$CODE" = "$1" ] || rm -rf "$CODE.old"
}

# code_stamp TREE: print a stamp of names, contents, and execute permissions. Times and owners of files do
# not matter.
code_stamp() { _pack "$1" | sha256sum; }

# copy_code TREE: create CODE.new, unless CODE is the same.
copy_code() {
  local stamp log
  [ "$CODE" != "$1" ] || return 0
  stamp=$(code_stamp "$1")
  ! is_made "$CODE" "$stamp" || return 0
  log=$(mktemp)
  make_aside "$CODE"
  _pack "$1" 2>"$log" | tar -C "$CODE.new" --no-same-owner -xmf - 2>>"$log" ||
    fail "The code could not be copied to $CODE: $(cause "$log")."
  rm -f "$log"
  made "$CODE" "$stamp"
}

_pack() { # TREE
  (
    cd "$1"
    find . \( -path ./.git -o -path ./.stamp -o -path ./.venv -o -path './.venv.*' -o -path ./node_modules -o -path './node_modules.*' \
      -o -name __pycache__ -o -path './.*_cache' -o -path ./data -o -path ./.hypothesis -o -path ./.berth-set-up \
      -o -path ./consoleapp/i18n/extracted.py -o -name '*.mo' -o -name '*.mo.new' \) -prune -o \( -type f -o -type l \) -print0 |
      LC_ALL=C sort -z |
      tar --null --no-recursion -T - --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=u=rwX,go=rX -cf -
  )
}

# need_nobody_running: fail with one line if a console (or bin/test) runs from PLACE, before other code or
# packages replace its own. UPGRADING=yes: ignore systemd's services, which the caller restarts.
need_nobody_running() {
  local file words pid other="another version would take its place"
  for file in /proc/[0-9]*/cmdline; do
    words=$({ tr '\0' ' ' <"$file"; } 2>/dev/null) || continue
    case "$words" in "$VENV"/bin/*) ;; *) continue ;; esac
    pid=${file#/proc/} pid=${pid%/cmdline}
    # Containers and other hosts on this machine may have their own Berth at the same path.
    [ "$pid" != "$$" ] && [ "/proc/$pid/root$VENV/bin" -ef "$VENV/bin" ] || continue
    case "$words" in
      *' launch.serve '*) fail "bin/serve runs from $PLACE (process $pid), and $other. End it first: Ctrl-C where it runs, or kill $pid" ;;
      *' -m pytest '*) fail "bin/test runs from $PLACE (process $pid), and $other. Wait for its end, or kill $pid" ;;
      *gunicorn*|*celery*|*' observe '*)
        [ "${UPGRADING:-}" = yes ] || ! _of_systemd "$pid" ||
          fail "Berth's services run from $PLACE, and $other. Upgrade them (sudo bin/install), or stop them: systemctl stop 'berth-*'" ;;
    esac
  done
}

_of_systemd() { grep -qs 'berth-[a-z]*\.service' "/proc/$1/cgroup"; } # PID

# need_writable PLACE
need_writable() {
  [ -w "$1" ] || fail "$1 cannot be written by $(id -un), and set-up keeps what it fetches there. Take a checkout of your own: git clone $1 ~/berth && ~/berth/bin/serve"
}

# need_space PLACE MEGABYTES: fail if there is less free space, before minutes of work.
need_space() {
  local free; free=$(df -Pm -- "$1" | awk 'NR == 2 {print $4}')
  [ "$free" -ge "$2" ] || fail "$1 has $free MB free, and Berth needs $2 MB there. Make room (df -h), then run it again."
}
