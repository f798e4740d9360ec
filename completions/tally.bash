# Completion of tally and tallyfs for bash, by bash-completion.
# SPDX-License-Identifier: Apache-2.0

# A word without its quotes, into `plain`.
_tally_unquote() { # _tally_unquote WORD
  plain=${1//[\\\"\']/}
  plain=${plain/#\~/$HOME}
}

# Of the lines those that go on from what was typed, with TEXT in front.
_tally_offer() { # _tally_offer [TEXT]
  local line plain
  _tally_unquote "$cur"
  while IFS= read -r line; do
    [[ $1$line != "$plain"* ]] || COMPREPLY+=("$1$line")
  done
}

# Directories that are stores; where there are none, those in which one may be.
_tally_stores() {
  local folder folders plain
  compopt -o filenames
  mapfile -t folders < <(compgen -d -- "$cur")
  for folder in "${folders[@]}"; do
    _tally_unquote "$folder"
    [[ ! -e $plain/data.mdb ]] || COMPREPLY+=("$folder")
  done
  [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=("${folders[@]}")
}

_tally_streams() {
  _tally_offer < <("$tally" cat "$store" .tallyfs/status.json 2>/dev/null |
    sed -n '/^\t"streams":/,/^\t}/s/^\t\t"\([^\\]*\)":.*/\1/p')
}

_tally_views() {
  _tally_offer < <("$tally" ls "$store" .tallyfs/views 2>/dev/null | sed 's/\.json$//')
}

# What there is in the directory of the tree that is being typed.
_tally_paths() {
  local plain folder=
  [[ $cur != ?*[\"\']* ]] || return # readline begins anew at a quote within a word
  _tally_unquote "$cur"
  [[ $plain != */* ]] || folder=${plain%/*}/
  compopt -o filenames
  _tally_offer "$folder" < <("$tally" ls "$store" "$folder" 2>/dev/null)
  [[ ${COMPREPLY[*]} != */ ]] || compopt -o nospace
  __ltrim_colon_completions "$cur"
}

# Leaves in `words` those in front that are neither options nor values of OPTION.
_tally_positionals() { # _tally_positionals OPTION...
  local i found=()
  for ((i = 1; i < cword; i++)); do
    if [[ " $* " == *" ${words[i]} "* ]]; then
      ((i++))
    elif [[ ${words[i]} != -?* ]]; then
      found+=("${words[i]}")
    fi
  done
  words=("${found[@]}")
}

_tally_words() { # _tally_words WORDS
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# The value of an option; false: this is none.
_tally_value() {
  case $prev in
    --from) [[ $command == watch ]] || _filedir ;;
    --schema | --apply | --check) _filedir ;;
    --stream) _tally_streams ;;
    --memory) _tally_words '512M 1G 2G 4G' ;;
    --threads) _tally_words '1 2 4 8' ;;
    --commit-every) _tally_words '100ms 1s 1min 1M 16M' ;;
    --format) _tally_words 'ndjson csv' ;;
    --path) _tally_paths ;;
    --timeout | --max-age) _tally_words '1s 30s 1m 10m' ;;
    --key | --where | --batch | --at | --max-rejects | --after) ;;
    *) return 1 ;;
  esac
}

_tally() {
  local cur prev words cword split tally=$1
  _init_completion -s -n : || return
  _tally_positionals --schema --from --apply --check --at --stream --memory --threads --commit-every --key --where --batch --format --max-rejects --after --path --timeout --max-age
  local command=${words[0]} plain store
  _tally_unquote "${words[1]}"
  store=$plain
  if [[ ! $command ]]; then
    _tally_words "$("$tally" --help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p') --help --version"
  elif ! _tally_value; then
    case $cur/$command/${#words[@]} in
      -?*) _tally_words "$("$tally" "$command" --help 2>/dev/null | sed -n 's/^  \(--[a-z-]*\).*/\1/p') --help" ;;
      */init/1 | */backup/2 | */restore/2) _filedir -d ;;
      */1) _tally_stores ;;
      */cat/* | */ls/2 | */watch/*) _tally_paths ;;
      */rebuild/*) _tally_views ;;
      */ingest/* | */follow/2 | */delete/2) _filedir ;;
    esac
  fi
}

_tallyfs() {
  local cur prev words cword
  _init_completion || return
  _tally_positionals -o
  if [[ $prev == -o ]]; then
    local before=${cur%"${cur##*,}"}
    cur=${cur##*,}
    _tally_words 'allow_other debug gid= nofollow nonempty replace snapshot_deadline= uid= umask='
    COMPREPLY=("${COMPREPLY[@]/#/$before}")
    compopt -o nospace
  elif [[ $cur == -* ]]; then
    _tally_words '-d -f -h --help -o --replace -V --version'
  elif [[ ${#words[@]} -eq 0 ]]; then
    _tally_stores
  elif [[ ${#words[@]} -eq 1 ]]; then
    _filedir -d
  fi
}

complete -F _tally tally
complete -F _tallyfs tallyfs
