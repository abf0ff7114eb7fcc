/**
 * Writes anew what the pages in docs/ have from the code: the settings of the libraries, and the
 * rooms.
 *
 *     deno task docs
 *
 * @module
 */
import { print } from "../common/base/output.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { architecturePage, PAGE as ARCHITECTURE } from "./docs/architecture_page.ts";
import { PAGE as SETTINGS, settingsPage } from "./docs/settings_page.ts";
import { readFiles } from "./rooms/files.ts";

const COMMAND: Command<Record<never, never>> = {
  does: "Writes docs/settings.md and the picture in docs/architecture.md, from the code.",
  starts: "deno task docs",
  options: {},
  permissions: {
    "--allow-read": "the project's files",
    "--allow-write": "docs, and a file for the question what imports what",
    "--allow-run": "deno, which answers it",
  },
};

/**
 * Writes the pages.
 *
 * @returns the exit code
 */
export function writeDocs(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async () => {
    const pages = {
      [SETTINGS]: settingsPage(),
      [ARCHITECTURE]: architecturePage(await Deno.readTextFile(ARCHITECTURE), await readFiles()),
    };
    for (const [page, text] of Object.entries(pages)) {
      await Deno.writeTextFile(page, text);
      print(`${page}\n`);
    }
  });
}

if (import.meta.main) Deno.exit(await writeDocs(Deno.args));
