/**
 * Writes anew what the pages in docs/ have from the code: the settings of the libraries, and the
 * rooms; and what they have from runs, where that is wanted.
 *
 *     deno task docs
 *     deno task docs --handshakes
 *
 * @module
 */
import { print } from "../common/base/output.ts";
import { join } from "../common/base/std.ts";
import { type Command, runCommand } from "../common/cli/command.ts";
import { flag } from "../common/cli/option_kinds.ts";
import { architecturePage, PAGE as ARCHITECTURE } from "./docs/architecture_page.ts";
import { handshakesPage, PAGE as HANDSHAKES } from "./docs/handshakes_page.ts";
import { PAGE as SETTINGS, settingsPage } from "./docs/settings_page.ts";
import { ROOT, ScriptProcess } from "./lib/children.ts";
import { readFiles } from "./rooms/files.ts";

const OPTIONS = {
  handshakes: flag(
    "draw the diagrams of docs/handshakes.md anew, too, from runs of their commands",
  ),
};

const COMMAND: Command<typeof OPTIONS> = {
  does: "Writes docs/settings.md and the picture in docs/architecture.md, from the code.",
  starts: "deno task docs",
  options: OPTIONS,
  permissions: {
    "--allow-read": "the project's files",
    "--allow-write": "docs, and a file for the question what imports what",
    "--allow-run": "deno, which answers it, and runs the pairs",
  },
};

/**
 * Writes the pages.
 *
 * @returns the exit code
 */
export function writeDocs(args: string[]): Promise<number> {
  return runCommand(COMMAND, args, async ({ values: { handshakes } }) => {
    const pages: Record<string, string> = {
      [SETTINGS]: settingsPage(),
      [ARCHITECTURE]: architecturePage(await Deno.readTextFile(ARCHITECTURE), await readFiles()),
    };
    if (handshakes) {
      const page = await Deno.readTextFile(HANDSHAKES);
      pages[HANDSHAKES] = await handshakesPage(
        page,
        (end) => new ScriptProcess({ ...end, certs: join(ROOT, "certs", "pem"), results: null }),
      );
    }
    for (const [page, text] of Object.entries(pages)) {
      await Deno.writeTextFile(page, text);
      print(`${page}\n`);
    }
  });
}

if (import.meta.main) Deno.exit(await writeDocs(Deno.args));
