#compdef flagctl
# Completion of flagctl in zsh, written by `flagctl completions`, whose option `--install` may replace this file.
_flagctl() {
    local line
    local -a complete open
    for line in "${(@f)$(COMPLETE=zsh command flagctl -- "${(@Q)words[1,CURRENT-1]}" "$PREFIX" 2>/dev/null)}"; do
        case $line in
            '') ;;
            *=|*/|*=:*|*/:*) open+=("$line") ;;
            *) complete+=("$line") ;;
        esac
    done
    if (( $#complete + $#open == 0 )); then
        _default
        return
    fi
    local found=1
    (( $#complete )) && _describe -V flagctl complete && found=0
    (( $#open )) && _describe -V flagctl open -S '' && found=0
    return $found
}
if [[ $funcstack[1] == _flagctl ]]; then
    _flagctl "$@"
else
    compdef _flagctl flagctl
fi
