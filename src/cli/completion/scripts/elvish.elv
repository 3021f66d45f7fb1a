# Completion of flagctl in Elvish, written by `flagctl completions`.
use str
set edit:completion:arg-completer[flagctl] = {|@words|
    env COMPLETE=elvish flagctl -- $@words 2>/dev/null | from-lines | each {|line|
        var value description = (str:split &max=2 "\t" $line"\t")
        var description = (str:trim-space $description)
        var display = $value
        if (not-eq $description '') {
            set display = $value' ('$description')'
        }
        var suffix = ' '
        if (or (str:has-suffix $value '=') (str:has-suffix $value '/')) {
            set suffix = ''
        }
        edit:complex-candidate $value &display=$display &code-suffix=$suffix
    }
}
