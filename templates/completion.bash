# Completion of a release's commands for bash, and for zsh behind bashcompinit.
# `bin/NAME completion bash` prints it, with the line that binds it to NAME.

_relforge_release() {
    local relforge_program=${COMP_WORDS[0]} relforge_word
    case $relforge_program in
        \~/*) relforge_program=$HOME/${relforge_program#\~/} ;;
    esac
    COMPREPLY=()
    while IFS= read -r relforge_word; do
        COMPREPLY+=("$relforge_word")
    done < <("$relforge_program" completion words "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
