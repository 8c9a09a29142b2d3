# Installs the distribution's packages that are missing. Sourced by the programs in bin/.

# containers-storage: its storage.conf makes overlay the default, without which Debian 12 copies whole layers.
DEBIAN_RUN=(python3 python3-venv gettext podman buildah skopeo crun runc conmon uidmap fuse-overlayfs
  containers-storage slirp4netns netavark aardvark-dns iptables nftables catatonit dbus-user-session redis-server
  busybox-static ca-certificates procps iproute2)
DEBIAN_TEST=(docker-registry apache2-utils chromium openssl git curl debootstrap postgresql)
FEDORA_RUN=(python3 gettext podman buildah skopeo crun runc shadow-utils fuse-overlayfs slirp4netns
  redis busybox ca-certificates procps-ng iproute)
FEDORA_TEST=(docker-distribution httpd-tools chromium openssl git curl debootstrap postgresql-server)

# install_packages run|test: what the console needs to run, or what the tests need besides.
install_packages() {
  if command -v apt-get >/dev/null; then
    if [ "$1" = run ]; then _apt "${DEBIAN_RUN[@]}" $(_passt)
    else _apt "${DEBIAN_TEST[@]}"; fi
  elif command -v dnf >/dev/null; then
    if [ "$1" = run ]; then _dnf "${FEDORA_RUN[@]}"; else _dnf "${FEDORA_TEST[@]}"; fi
  else fail "Berth can install packages with apt or dnf, and this machine has neither. Install: ${DEBIAN_RUN[*]}"
  fi
}

# Podman 5 uses pasta for a container's network.
_passt() { if ! grep -q '^VERSION_ID="12"' /etc/os-release; then echo passt; fi; }

_apt() {
  local missing=() package status
  for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || true
    [ "$status" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  as_root true  # whatever sudo has to ask or to say, where it can be seen
  local log; log=$(mktemp)
  if ! _apt_get update >"$log" 2>&1 || ! _apt_get install -y --no-install-recommends "${missing[@]}" >>"$log" 2>&1; then
    tail -n 3 "$log" >&2
    fail "apt-get could not install ${missing[*]} (its last words are above; all of them in $log). Is the network up?"
  fi
  rm -f "$log"
  _quiet_services "${missing[@]}"
}

_apt_get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@"; }

# Berth runs a Redis of its own; the packages' system-wide services, if they came with us, stay off.
_quiet_services() {
  [ -d /run/systemd/system ] || return 0
  local package
  for package in "$@"; do
    case "$package" in redis-server|docker-registry|postgresql) as_root systemctl disable --now --quiet "$package" ;; esac
  done
}

_dnf() {
  local missing=() package
  for package in "$@"; do rpm -q --quiet "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  as_root dnf install -y -q "${missing[@]}" || fail "dnf could not install ${missing[*]}. Is the network up?"
}
