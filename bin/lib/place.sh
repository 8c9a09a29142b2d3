# Where the code runs from. Sourced by the programs in bin/.

# An ordinary user runs the checkout itself. Root copies it to /opt/berth: the checkout may lie where
# other users cannot read (/root), or be writable by one of them.
# Sets CODE (the tree that runs), VENV, and ASSETS (the npm packages).
choose_place() {
  local tree=$1 place=${2:-/opt/berth}
  if [ "$(id -u)" != 0 ]; then
    CODE=$tree VENV=$tree/.venv ASSETS=$tree/node_modules
    return 0
  fi
  CODE=$place/code VENV=$place/venv ASSETS=$place/node_modules
  umask 022
  mkdir -p "$place"
  local stamp; stamp=$(_pack "$tree" | sha256sum)
  # The same code stays where it is: a console that runs from it is not disturbed.
  [ "$(cat "$place/code.stamp" 2>/dev/null)" != "$stamp" ] || [ ! -d "$CODE" ] || return 0
  local fresh; fresh=$(mktemp -d "$place/code.XXXXXX")
  _pack "$tree" | tar -C "$fresh" --no-same-owner -xf -
  chmod -R u=rwX,go=rX "$fresh"
  rm -rf "$place/code.old"
  [ ! -e "$CODE" ] || mv "$CODE" "$place/code.old"
  mv "$fresh" "$CODE"
  rm -rf "$place/code.old"
  printf '%s\n' "$stamp" >"$place/code.stamp"
}

_pack() {
  tar -C "$1" --sort=name --owner=0 --group=0 --numeric-owner -cf - --exclude=./.git --exclude=./.venv \
    --exclude=./node_modules --exclude=__pycache__ --exclude='./.*_cache' --exclude=./data --exclude=./.hypothesis --exclude='*.mo' .
}
