// Completion scripts: each asks the program itself, so that a new version needs no new script.

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

const bash = `# sluice completion for bash: source <(sluice completion bash)
_sluice() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(sluice __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _sluice sluice
`;

const zsh = `#compdef sluice
# sluice completion for zsh: source <(sluice completion zsh)
_sluice() {
  local line
  local -a found
  for line in "\${(@f)$(sluice __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n "$line" ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#found} )); then _describe 'sluice' found; else _files; fi
}
compdef _sluice sluice
`;

const fish = `# sluice completion for fish: sluice completion fish | source
function __sluice_complete
  set -l words (commandline -opc) (commandline -ct)
  sluice __complete -- $words[2..-1] 2>/dev/null
end
complete -c sluice -a '(__sluice_complete)'
`;

export const scriptOf = (shell: Shell): string => ({ bash, zsh, fish })[shell];
