# Translations. Sourced by the programs in bin/.

# compile_words CODE: compile locale/*/LC_MESSAGES/*.po to .mo where the .po is newer.
compile_words() {
  local words compiled log
  log=$(mktemp)
  for words in "$1"/locale/*/LC_MESSAGES/*.po; do
    compiled=${words%.po}.mo
    [ "$words" -nt "$compiled" ] || continue
    need_writable "$(dirname "$words")"
    # Aside first: a running console reads the old file or the new one, never half of one.
    if ! msgfmt -o "$compiled.new" "$words" 2>"$log"; then
      fail "msgfmt could not compile $words: $(cause "$log")."
    fi
    mv "$compiled.new" "$compiled"
  done
  rm -f "$log"
}
