/**
 * All files of this project, and what each of them imports.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { join, toFileUrl } from "../../common/base/std.ts";
import { ROOT } from "../lib/children.ts";
import type { SourceFile } from "./check.ts";

/** Folders without source files of this project. */
const PASSED_OVER = new Set(["node_modules", "results", "dist"]);

/** As much of `deno info --json` as is used. */
interface Graph {
  modules: {
    specifier: string;
    dependencies?: { code?: { specifier?: string }; type?: { specifier?: string } }[];
  }[];
}

/**
 * Asks the runtime what imports what.
 *
 * @param root a folder
 * @throws {RunError} where it cannot tell
 */
export async function readFiles(root: string = ROOT): Promise<SourceFile[]> {
  const paths = pathsIn(root).sort();
  const base = toFileUrl(`${root}/`).href;
  const imported = paths.map((path) => `import "${new URL(path, base)}";`).join("\n");
  const graph = await graphOf(imported, root);
  const imports = new Map(
    graph.modules.filter(({ specifier }) => specifier.startsWith(base)).map((
      { specifier, dependencies = [] },
    ) => [
      specifier,
      dependencies.flatMap(({ code, type }) => [code?.specifier, type?.specifier])
        .filter((other) => other?.startsWith(base)).map((other) => other!.slice(base.length)),
    ]),
  );
  return paths.map((path) => ({
    path,
    lines: Deno.readTextFileSync(join(root, path)).split("\n").length - 1,
    imports: [...new Set(imports.get(new URL(path, base).href))],
  }));
}

function pathsIn(root: string, folder = ""): string[] {
  return [...Deno.readDirSync(join(root, folder))].flatMap(({ name, isDirectory }) => {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (isDirectory) {
      return PASSED_OVER.has(name) || name.startsWith(".") ? [] : pathsIn(root, path);
    }
    return name.endsWith(".ts") ? [path] : [];
  });
}

/** The graph of a module with this text. */
async function graphOf(text: string, root: string): Promise<Graph> {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, text);
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--config", join(root, "deno.json"), file],
      cwd: root,
    }).output();
    if (!success) {
      throw new RunError(`deno info has failed: ${new TextDecoder().decode(stderr)}`);
    }
    return JSON.parse(new TextDecoder().decode(stdout));
  } finally {
    await Deno.remove(file);
  }
}
