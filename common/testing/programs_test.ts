import { assertMatch } from "./assert.ts";
import { findProgram, ORIGINS, type Program } from "./programs.ts";

for (const program of Object.keys(ORIGINS) as Program[]) {
  const path = findProgram(program);
  const hint = path === null ? ` (not tested: ${ORIGINS[program]})` : "";
  Deno.test({
    name: `findProgram() finds ${program}${hint}`,
    ignore: path === null,
    fn: () => assertMatch(path!, new RegExp(`${program}(\\.exe)?$`)),
  });
}
