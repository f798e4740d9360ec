# Completion of tallyfs for fish.
# SPDX-License-Identifier: Apache-2.0

# How many words are there that are neither options nor their values.
function __tallyfs_count
    set -l words (commandline -opc)[2..-1]
    set -l count 0
    set -l before
    for word in $words
        not string match -q -- '-*' $word
        and test "$before" != -o
        and set count (math $count + 1)
        set before $word
    end
    echo $count
end

# Directories that are stores; where there are none, those in which one may be.
function __tallyfs_stores
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

complete -c tallyfs -f
complete -c tallyfs -n 'test (__tallyfs_count) = 0' -a '(__tallyfs_stores)'
complete -c tallyfs -n 'test (__tallyfs_count) = 1' -a '(__fish_complete_directories (commandline -ct) "mount point")'
complete -c tallyfs -s f -d 'Stay in the foreground'
complete -c tallyfs -s d -d 'Stay in the foreground, and show every request'
complete -c tallyfs -s h -l help -d 'Tell what it does and takes'
complete -c tallyfs -s V -l version -d 'Tell the versions'
complete -c tallyfs -l replace -d 'Clear a dead mount that is in the way'
complete -c tallyfs -s o -xa '(__fish_append , allow_other debug gid= nofollow nonempty replace snapshot_deadline= uid= umask=)' -d 'Mount option'
