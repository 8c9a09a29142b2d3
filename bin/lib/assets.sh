# Style sheets, fonts and scripts of others, from their npm packages. Sourced by the programs in bin/.

# fetch_assets CODE ASSETS [dev]: node_modules in ASSETS, up to date when package.json is as last time.
# With dev also what only tests use.
fetch_assets() {
  local code=$1 assets=$2 omit=--omit=dev stamp
  [ "${3:-}" != dev ] || omit=--include=dev
  stamp=$( (cat "$code/package.json"; echo "$omit") | sha256sum)
  [ "$(cat "$assets/.stamp" 2>/dev/null)" != "$stamp" ] || return 0
  say "fetching style sheets, fonts and scripts (npm)"
  local place log; place=$(dirname "$assets"); log=$(mktemp)
  [ "$place" = "$code" ] || cp "$code"/package*.json "$place/"
  if ! (cd "$place" && npm install --no-audit --no-fund --ignore-scripts $omit --no-save --loglevel=error) >"$log" 2>&1; then
    tail -n 3 "$log" >&2
    fail "npm could not fetch the packages of package.json (all its words are in $log). Is the network up?"
  fi
  rm -f "$log"
  printf '%s\n' "$stamp" >"$assets/.stamp"
}
