# Completion of flagctl in fish, written by `flagctl completions`, whose option `--install` may replace this file.
complete --command flagctl --no-files --keep-order --arguments '(COMPLETE=fish command flagctl -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token --cut-at-cursor) 2>/dev/null)'
