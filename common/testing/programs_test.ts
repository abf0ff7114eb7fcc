import { assertMatch } from "./assert.ts";
import { findProgram, PACKAGES, type Program } from "./programs.ts";

for (const program of Object.keys(PACKAGES) as Program[]) {
  const path = findProgram(program);
  const hint = path === null ? ` (not tested: apt install ${PACKAGES[program]})` : "";
  Deno.test({
    name: `findProgram() finds ${program}${hint}`,
    ignore: path === null,
    fn: () => assertMatch(path!, new RegExp(`${program}(\\.exe)?$`)),
  });
}
