/**
 * Prints the scripts that complete the one program's command lines in a shell.
 *
 *     deno task netpairs completions --help
 *
 * @module
 */
import { UsageError } from "../common/base/errors.ts";
import { print } from "../common/base/output.ts";
import { shownArgument } from "../common/base/visible.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { bashScript } from "./netpairs/bash.ts";
import { completionTable } from "./netpairs/completion_table.ts";
import type { Entry } from "./netpairs/entry.ts";
import { zshScript } from "./netpairs/zsh.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript } as const;

const COMMAND: Command<Record<never, never>> = {
  does: "Prints a script that completes commands and options in a shell.",
  starts: "deno task netpairs completions",
  operand: "bash|zsh",
  about: `In ~/.bashrc:

  source <(netpairs completions bash)

In ~/.zshrc, after compinit:

  source <(netpairs completions zsh)

The scripts complete the name netpairs, which has to be on the path: dist/netpairs, or an alias.`,
  options: {},
  permissions: {},
};

/**
 * The command.
 *
 * @param entries the program's commands
 * @returns the exit code
 */
export function completions(args: string[], entries: readonly Entry[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ operands }) => {
    const [shell = "", ...more] = operands;
    if (operands.length === 0 || more.length > 0) {
      throw new UsageError("one shell is wanted: bash or zsh");
    }
    if (!Object.hasOwn(SCRIPTS, shell)) {
      throw new UsageError(`no completions for "${shownArgument(shell)}"; there are bash and zsh`);
    }
    print(SCRIPTS[shell as keyof typeof SCRIPTS](await completionTable(entries)));
  });
}
