/**
 * The script that completes command lines in zsh.
 *
 * @module
 */
import { type Completion, indent, startOf, type Values } from "./completion_table.ts";

/** The script's text. */
export function zshScript(table: readonly Completion[]): string {
  return `#compdef netpairs
# Completes netpairs in zsh. Put this into ~/.zshrc, after compinit:
#   source <(netpairs completions zsh)

_netpairs() {
  local command=netpairs i
  local -a next options
  for ((i = 2; i < CURRENT; i++)); do
    case "$command $words[i]" in
${indent(6, knownCommands(table))}
      (*) break ;;
    esac
  done
  case "$command $words[CURRENT-1]" in
${indent(4, table.flatMap(valueCases))}
  esac
  case "$command" in
${indent(4, table.flatMap(wordCase))}
  esac
  (( $#next )) && compadd -- $next
  _describe -o option options
}

if [[ $funcstack[1] == _netpairs ]]; then
  _netpairs "$@"
else
  compdef _netpairs netpairs
fi
`;
}

function knownCommands(table: readonly Completion[]): string[] {
  return table.filter(({ words }) => words.length > 0)
    .map((row) => `("${startOf(row)}") command="${startOf(row)}" ;;`);
}

function valueCases(row: Completion): string[] {
  return row.options.filter(({ values }) => values !== null)
    .map(({ name, values }) => `("${startOf(row)} ${name}") ${take(values!)}; return ;;`);
}

function wordCase(row: Completion): string[] {
  const { next } = row;
  const operands = typeof next === "string" ? take(next) : `next=(${next.join(" ")})`;
  const options = row.options.map(({ name, help }) => `  ${quote(`${name}:${help}`)}`);
  return [`("${startOf(row)}")`, `  ${operands}`, "  options=(", ...options, "  )", "  ;;"];
}

function take(values: Values): string {
  if (values === "files") return "_files";
  if (values === "folders") return "_files -/";
  return values.length === 0 ? "_message value" : `compadd -- ${values.join(" ")}`;
}

/** As zsh takes it for itself. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
