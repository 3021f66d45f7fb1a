# Completion of flagctl in bash, written by `flagctl completions`, whose option `--install` may replace this file.
_flagctl() {
    # Bash splits words also at `=` and `:`. flagctl gets the words that blanks separate, up to the cursor.
    local rest=${COMP_LINE:0:COMP_POINT} words=() index word
    for ((index = 0; index <= COMP_CWORD; index++)); do
        word=${COMP_WORDS[index]}
        if [[ $index == 0 || $rest == [[:blank:]]* ]]; then
            words+=('')
            rest=${rest#"${rest%%[![:blank:]]*}"}
        fi
        [[ $index == "$COMP_CWORD" ]] && word=$rest
        words[${#words[@]} - 1]+=$word
        rest=${rest#*"$word"}
    done
    # Bash replaces only the part of the word that is in `$2`.
    local start=${words[${#words[@]} - 1]%"$2"} value description values=() descriptions=() width=0
    while IFS=$'\t' read -r value description; do
        value=${value#"$start"}
        values+=("$value")
        descriptions+=("$description")
        ((${#value} > width)) && width=${#value}
    done < <(COMPLETE=bash command flagctl -- "${words[@]}" 2>/dev/null)
    COMPREPLY=(${values[@]+"${values[@]}"})
    if [[ ${#values[@]} == 1 ]]; then
        [[ $value == *[=/] || ${values[0]} == *[=/] ]] && compopt -o nospace 2>/dev/null
    elif [[ $COMP_TYPE != 37 && $COMP_TYPE != 42 ]]; then
        # Bash shows the list, and inserts only what all candidates have in common.
        for ((index = 0; index < ${#values[@]}; index++)); do
            [[ -n ${descriptions[index]} ]] || continue
            printf -v 'COMPREPLY[index]' '%-*s  (%s)' "$width" "${values[index]}" "${descriptions[index]}"
        done
    fi
    return 0
}
complete -o bashdefault -o default -o nosort -F _flagctl flagctl 2>/dev/null ||
    complete -o bashdefault -o default -F _flagctl flagctl
