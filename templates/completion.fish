# Completion of a release's commands for fish.
# `bin/NAME completion fish` prints it, with the line that binds it to NAME.

function __relforge_release
    set -l words (commandline --tokenize --current-process --cut-at-cursor)
    set -l program (string replace --regex '^~/' "$HOME/" -- $words[1])
    $program completion words $words[2..-1] (commandline --current-token --cut-at-cursor) 2>/dev/null
end
