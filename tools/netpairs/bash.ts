/**
 * The script that completes command lines in bash, from 3.2 on.
 *
 * @module
 */
import { type Completion, indent, startOf, type Values } from "./completion_table.ts";

/** The script's text. */
export function bashScript(table: readonly Completion[]): string {
  return `# Completes netpairs in bash. Put this into ~/.bashrc:
#   source <(netpairs completions bash)

_netpairs() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  # bash takes "--io=sync" for three words.
  if [[ $cur == "=" ]]; then
    cur=
  elif [[ $prev == "=" ]]; then
    prev="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  local command=netpairs i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command \${COMP_WORDS[i]}" in
${indent(6, knownCommands(table))}
      *) break ;;
    esac
  done
  COMPREPLY=()
  case "$command $prev" in
${indent(4, table.flatMap(valueCases))}
  esac
  case "$command" in
${indent(4, table.map(wordCase))}
  esac
}

_netpairs_take() {
  local reply
  while IFS= read -r reply; do COMPREPLY+=("$reply"); done < <(compgen "$@" -- "$cur")
}

_netpairs_files() {
  compopt -o filenames 2> /dev/null
  _netpairs_take "$@"
}

complete -F _netpairs netpairs
`;
}

function knownCommands(table: readonly Completion[]): string[] {
  return table.filter(({ words }) => words.length > 0)
    .map((row) => `"${startOf(row)}") command="${startOf(row)}" ;;`);
}

function valueCases(row: Completion): string[] {
  return row.options.filter(({ values }) => values !== null)
    .map(({ name, values }) => `"${startOf(row)} ${name}") ${take(values!)}return ;;`);
}

/** Words and operands come first; options where a dash, or nothing at all, was written. */
function wordCase(row: Completion): string {
  const options = row.options.map(({ name }) => name);
  const { next } = row;
  const words = [...typeof next === "string" ? [] : next, ...options].join(" ");
  const files = typeof next === "string" ? `[[ $cur == -* ]] || ${take(next)}` : "";
  return `"${startOf(row)}") ${files}_netpairs_take -W "${words}" ;;`;
}

function take(values: Values): string {
  if (values === "files") return "_netpairs_files -f; ";
  if (values === "folders") return "_netpairs_files -d; ";
  return values.length === 0 ? "" : `_netpairs_take -W "${values.join(" ")}"; `;
}
