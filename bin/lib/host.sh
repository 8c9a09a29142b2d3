# A host with systemd: the files that bin/install creates. Sourced by the programs in bin/.

SERVICES=(berth-redis berth-worker berth-observer berth-web)
ETC=/etc/berth DATA=/var/lib/berth
# Written by each bin/install; and the administrator's own, which are never changed and take precedence.
DEFAULTS=$ETC/defaults.env SETTINGS=$ETC/berth.env
ENGINE_DEFAULTS=$ETC/engine-defaults.env ENGINE_SETTINGS=$ETC/engine.env
ACCOUNTS=/etc/tmpfiles.d/berth-accounts.conf

need_systemd() { [ -d /run/systemd/system ] || fail "systemd is not the init of this machine. $1"; }

# setting NAME FILE...: print the value in the last file that has it, or nothing.
setting() {
  local name=$1 file value found=; shift
  for file; do
    [ -e "$file" ] || continue
    value=$(sed -nE "s/^[[:space:]]*$name[[:space:]]*=//p" "$file" | tail -n 1)
    value=${value#[\"\']} value=${value%[\"\']}
    [ -z "$value" ] || found=$value
  done
  printf '%s' "$found"
}

# as_console COMMAND...: run with the services' settings, as their user.
as_console() {
  systemd-run --quiet --pipe --wait --collect --uid=berth --gid=berth --property=UMask=0077 \
    --property="EnvironmentFile=$DEFAULTS" --property="EnvironmentFile=-$SETTINGS" --property=WorkingDirectory=/opt/berth/code "$@"
}

# enrolled: print the uids of the enrolled accounts, one per line.
enrolled() { if [ -e "$ACCOUNTS" ]; then sed -nE 's#^d /run/berth/([0-9]+) .*#\1#p' "$ACCOUNTS"; fi; }

user_systemctl() { # UID ARGUMENT...
  local name; name=$(id -un -- "$1") || return 1; shift
  systemctl --user -M "$name@" "$@"
}

has_manager() { systemctl is-active --quiet "user@$1.service"; } # UID

# can_be_asked PID: test whether it handles SIGUSR1, which would otherwise kill it.
can_be_asked() {
  local caught; caught=$(awk '$1 == "SigCgt:" {print $2}' "/proc/$1/status" 2>/dev/null)
  [ $(((16#${caught:-0} >> 9) & 1)) = 1 ]
}
