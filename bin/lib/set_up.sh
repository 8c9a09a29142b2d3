# All of set-up, in order. Sourced by the programs in bin/.
for part in say packages place python assets words; do . "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/$part.sh"; done

# set_up TREE PLACE run|test: install, fetch, and create whatever is missing, and leave the rest unchanged.
# After any interruption, the next one continues: new parts are made aside, and stamps are written last.
set_up() {
  local tree=$1 place=$2 lock=requirements.txt parts=(run) assets=
  if [ "$3" = test ]; then lock=requirements-dev.txt parts=(run test) assets=dev; fi
  choose_place "$tree" "$place"
  one_at_a_time "$PLACE"
  install_packages "${parts[@]}"
  need_python
  if ! is_current "$VENV" "$(venv_stamp "$VENV" "$tree" "$lock")" || ! is_current "$ASSETS" "$(assets_stamp "$tree" "$assets")" ||
    { [ "$CODE" != "$tree" ] && ! is_current "$CODE" "$(code_stamp "$tree")"; }; then
    need_nobody_running
    make_venv "$VENV" "$tree" "$lock"
    fetch_assets "$tree" "$ASSETS" "$assets"
    copy_code "$tree"
    if [ "${UPGRADING:-}" = yes ]; then before_change; fi
    put_in_place
  fi
  remove_old "$tree"
  compile_words "$CODE"
  set_up_is_over
}
