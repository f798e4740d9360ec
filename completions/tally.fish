# Completion of tally for fish.
# SPDX-License-Identifier: Apache-2.0

# The words in front that are neither options nor their values: the command, the store, ...
function __tally_words
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if contains -- $word --schema --from --apply --stream --memory --threads --commit-every --key --where --max-rejects --after --path --timeout --max-age
            set skip 1
        else if not string match -q -- '-?*' $word
            string unescape -- $word
        end
    end
end

# Whether the command is one of these.
function __tally_is
    contains -- (__tally_words)[1] $argv
end

# Whether COUNT words are there, of the commands behind it.
function __tally_has -a count
    set -l words (__tally_words)
    test (count $words) -eq $count
    and contains -- "$words[1]" $argv[2..-1]
end

function __tally_has_store
    set -l words (__tally_words)
    test (count $words) -ge 2
    and contains -- $words[1] $argv
end

function __tally_store
    set -l words (__tally_words)
    string replace -r '^~' $HOME -- $words[2]
end

# Directories that are stores; where there are none, those in which one may be.
function __tally_stores
    set -l folders (__fish_complete_directories (commandline -ct) '')
    set -l stores
    for folder in (string replace -r '\t.*' '' -- $folders)
        test -e (string replace -r '^~' $HOME -- $folder)/data.mdb
        and set -a stores (string trim -r -c / -- $folder)
    end
    if set -q stores[1]
        printf '%s\tstore\n' $stores
    else
        printf '%s\n' $folders
    end
end

function __tally_streams
    tally cat (__tally_store) .tallyfs/status.json 2>/dev/null |
        sed -n '/^\t"streams":/,/^\t}/s/^\t\t"\([^\\\\]*\)":.*/\1/p'
end

function __tally_views
    tally ls (__tally_store) .tallyfs/views 2>/dev/null | string replace -r '\.json$' ''
end

# What there is in the directory of the tree that is being typed.
function __tally_paths
    set -l folder (string match -r '^.*/' -- (string unescape -- (commandline -ct)))
    for name in (tally ls (__tally_store) "$folder" 2>/dev/null)
        printf '%s%s\n' "$folder" $name
    end
end

complete -c tally -f
complete -c tally -n '__tally_has 0 ""' -s h -l help -d 'List the commands'
complete -c tally -n '__tally_has 0 ""' -s V -l version -d 'Tell the versions'
complete -c tally -n '__tally_has 0 ""' -a '(tally --help | string replace -rf "^  ([a-z]+) +(\S.*)" "\$1\t\$2")'

set -l with_store ingest follow delete undo events status verify rebuild compact backup restore schema cat ls wait watch
complete -c tally -n "__tally_has 1 $with_store" -a '(__tally_stores)'
complete -c tally -n '__tally_has 1 init' -a '(__fish_complete_directories (commandline -ct) "new store")'
complete -c tally -n '__tally_has 2 backup restore' -a '(__fish_complete_directories (commandline -ct) "new folder")'
complete -c tally -n '__tally_has_store ingest' -F
complete -c tally -n '__tally_has 2 follow delete' -F
complete -c tally -n '__tally_has_store rebuild' -a '(__tally_views)' -d view
complete -c tally -n '__tally_has_store cat watch' -a '(__tally_paths)'
complete -c tally -n '__tally_has 2 ls' -a '(__tally_paths)'

complete -c tally -n "__tally_is init $with_store" -s h -l help -d 'Tell what it does and takes'
complete -c tally -n '__tally_is init' -l schema -rF -d 'The streams and views'
complete -c tally -n '__tally_is init' -l from -rF -d 'Propose a schema from a sample'
complete -c tally -n '__tally_is ingest follow delete undo events' -l stream -xa '(__tally_streams)' -d 'The stream of the events'
complete -c tally -n '__tally_is ingest follow' -l format -xa 'ndjson csv' -d 'Take it for this'
complete -c tally -n '__tally_is ingest' -l batch -x -d 'Name the batch'
complete -c tally -n '__tally_is ingest' -l replace -d 'Put it in the place of what had the name'
complete -c tally -n '__tally_is ingest' -l again -d 'Load also what was loaded already'
complete -c tally -n '__tally_is ingest' -l strict -d 'Stop at the first bad record'
complete -c tally -n '__tally_is ingest' -l dry-run -d 'Count, and load nothing'
complete -c tally -n '__tally_is delete' -l dry-run -d 'Count, and delete nothing'
complete -c tally -n '__tally_is undo' -l dry-run -d 'Say what would change'
complete -c tally -n '__tally_is ingest follow' -l max-rejects -x -d 'Stop where more records are refused'
complete -c tally -n '__tally_is ingest follow verify' -l memory -xa '512M 1G 2G 4G' -d 'Memory to use'
complete -c tally -n '__tally_is ingest follow verify' -l threads -xa '1 2 4 8' -d 'Threads to use'
complete -c tally -n '__tally_is ingest follow' -l commit-every -xa '100ms 1s 1min 1M 16M' -d 'Commit what has waited so long'
complete -c tally -n '__tally_is delete events' -l key -x -d 'The event with this key'
complete -c tally -n '__tally_is delete events' -l where -x -d 'The events for which this is true'
complete -c tally -n '__tally_is delete events' -l batch -x -d 'The events that came with it'
complete -c tally -n '__tally_is events' -l format -xa 'ndjson csv' -d 'How to write them'
complete -c tally -n '__tally_is status' -l json -d 'Print it for scripts'
complete -c tally -n '__tally_is rebuild schema' -l allow-loss -d 'Also what cannot be made again'
complete -c tally -n '__tally_is schema' -l check -rF -d 'Say what that would do'
complete -c tally -n '__tally_is schema' -l history -d 'List the schemas'
complete -c tally -n '__tally_is schema' -l at -x -d 'Print the schema of a commit'
complete -c tally -n '__tally_is schema' -l apply -rF -d 'Put another schema in force'
complete -c tally -n '__tally_is wait' -l after -x -d 'Behind this commit'
complete -c tally -n '__tally_is wait' -l path -xa '(__tally_paths)' -d 'One that changes it'
complete -c tally -n '__tally_is wait' -l timeout -xa '1s 30s 1m 10m' -d 'Give up then'
complete -c tally -n '__tally_is watch' -l from -x -d 'Go on behind this commit'
complete -c tally -n '__tally_is status' -l max-age -xa '10m 1h 1d' -d 'Fail where the newest commit is older'
complete -c tally -n '__tally_is status' -l max-rejects -x -d 'Fail where the last batch has more'
