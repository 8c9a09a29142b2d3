# Install missing packages of the distribution. Sourced by the programs in bin/.

# containers-storage: its storage.conf makes overlay the default. Without it, Debian 12 copies whole layers.
DEBIAN_RUN=(python3 python3-venv gettext podman buildah skopeo crun runc conmon uidmap fuse-overlayfs
  containers-storage slirp4netns netavark aardvark-dns iptables nftables catatonit dbus-user-session redis-server
  busybox-static ca-certificates procps iproute2)
DEBIAN_TEST=(docker-registry apache2-utils chromium openssl git curl debootstrap postgresql)
FEDORA_RUN=(python3 gettext podman buildah skopeo crun runc shadow-utils fuse-overlayfs slirp4netns
  redis busybox ca-certificates procps-ng iproute)
FEDORA_TEST=(docker-distribution httpd-tools chromium openssl git curl debootstrap postgresql-server)

# The packages that set-up installed, for bin/uninstall to list.
BROUGHT=/etc/berth/packages

# install_packages run|test...: install what the console needs to run, and what tests need in addition.
install_packages() {
  local wanted=() part
  if command -v apt-get >/dev/null; then
    for part; do
      if [ "$part" = run ]; then wanted+=("${DEBIAN_RUN[@]}" $(_passt)); else wanted+=("${DEBIAN_TEST[@]}"); fi
    done
    _apt "${wanted[@]}"
  elif command -v dnf >/dev/null; then
    for part; do
      if [ "$part" = run ]; then wanted+=("${FEDORA_RUN[@]}"); else wanted+=("${FEDORA_TEST[@]}"); fi
    done
    _dnf "${wanted[@]}"
  else fail "Berth can install packages with apt or dnf, and this machine has neither. Install: ${DEBIAN_RUN[*]}"
  fi
}

# Podman 5 uses pasta for container networks.
_passt() { if ! grep -q '^VERSION_ID="12"' /etc/os-release; then echo passt; fi; }

_apt() {
  local missing=() package installed log
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p') || true
  for package; do grep -qxF -- "$package" <<<"$installed" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  local command="apt-get install -y --no-install-recommends ${missing[*]}"
  ask_for_root "Installing packages" "$command"
  say "installing ${#missing[@]} packages: ${missing[*]}"
  log=$(mktemp)
  _mirror_answers "$log" || fail "No mirror of apt answers: $(cause "$log"). Check the network and /etc/apt/sources.list, then run it again."
  if ! with_progress "refreshing apt's lists" "$log" _apt_get update ||
    ! with_progress "installing packages" "$log" _apt_get install -y --no-install-recommends "${missing[@]}"; then
    fail "apt-get could not install packages: $(cause "$log"). All its words: $log. As root: apt-get update && $command"
  fi
  rm -f "$log"
  _remember "${missing[@]}"
  _quiet_services "${missing[@]}"
}

# Without a network, apt tries each file of each mirror for minutes. With apt's own settings (mirrors, proxies),
# this requests one small file of each, and one response suffices.
_mirror_answers() {
  local log=$1 helper=/usr/lib/apt/apt-helper addresses address
  [ -x "$helper" ] || return 0
  addresses=$(apt-get --print-uris update 2>/dev/null | sed -nE "s#^'(https?://[^']*/InRelease)'.*#\1#p" | sort -u | head -n 4)
  [ -n "$addresses" ] || return 0
  local place; place=$(mktemp -d)
  for address in $addresses; do
    if timeout 25 "$helper" -o Acquire::Retries=0 -o Acquire::http::Timeout=8 -o Acquire::https::Timeout=8 \
      download-file "$address" "$place/file" >>"$log" 2>&1; then rm -rf "$place"; return 0; fi
  done
  rm -rf "$place"
  return 1
}

# Programs that a package starts must not inherit the lock of set-up.
_apt_get() {
  (
    set_up_is_over
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 -o Acquire::Retries=2 \
      -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 -o APT::Keep-Downloaded-Packages=false "$@"
  )
}

_remember() { # PACKAGE...
  as_root mkdir -p "$(dirname "$BROUGHT")"
  printf '%s\n' "$@" | as_root tee -a "$BROUGHT" >/dev/null
}

# Berth runs its own Redis, so system-wide services that set-up just installed stay off.
_quiet_services() {
  [ -d /run/systemd/system ] || return 0
  local package
  for package; do
    case "$package" in redis-server|docker-registry|postgresql) as_root systemctl disable --now --quiet "$package" ;; esac
  done
}

_dnf() {
  local missing=() package log
  for package; do rpm -q --quiet "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  ask_for_root "Installing packages" "dnf install -y ${missing[*]}"
  say "installing ${#missing[@]} packages: ${missing[*]}"
  log=$(mktemp)
  with_progress "installing packages" "$log" as_root dnf install -y -q "${missing[@]}" ||
    fail "dnf could not install packages: $(cause "$log"). All its words: $log. As root: dnf install -y ${missing[*]}"
  rm -f "$log"
  _remember "${missing[@]}"
}
