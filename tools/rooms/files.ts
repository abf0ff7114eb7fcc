/**
 * All files of this project, and what each of them imports.
 *
 * @module
 */
import { RunError } from "../../common/base/errors.ts";
import { join, toFileUrl } from "../../common/base/std.ts";
import { ROOT } from "../lib/children.ts";
import type { SourceFile } from "./check.ts";

/** Folders of the root without source files of this project. */
const PASSED_OVER = new Set(["node_modules", "results", "dist"]);

/** What a source file's name ends with. */
const SOURCE = /\.[cm]?[jt]sx?$/;

/** A module that is started, not imported: `new URL("./worker.ts", import.meta.url)`. */
const STARTED = /new URL\(\s*"(\.{1,2}\/[^"]+)",\s*import\.meta\.url/g;

/** An import that says only when the program runs what it imports: it cannot be checked. */
const UNKNOWN_IMPORT = /\bimport\((?!\s*["'])/;

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
  return paths.map((path) => {
    const text = Deno.readTextFileSync(join(root, path));
    const url = new URL(path, base).href;
    const started = [...text.matchAll(STARTED)].map(([, to]) => new URL(to!, url).href)
      .filter((to) => to.startsWith(base) && SOURCE.test(to)).map((to) => to.slice(base.length));
    return {
      path,
      lines: text.trimEnd().split("\n").length,
      imports: [...new Set([...imports.get(url) ?? [], ...started])],
      importsUnknown: UNKNOWN_IMPORT.test(text),
    };
  });
}

function pathsIn(root: string, folder = ""): string[] {
  return [...Deno.readDirSync(join(root, folder))].flatMap(({ name, isDirectory }) => {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (isDirectory) {
      return PASSED_OVER.has(path) || path.startsWith(".") ? [] : pathsIn(root, path);
    }
    return SOURCE.test(name) ? [path] : [];
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
