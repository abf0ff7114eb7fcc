import { onEndSignals } from "./signals.ts";
import { assertEquals } from "../testing/assert.ts";

/** The signals that are listened to while stdin is a terminal or not, and those after. */
function listened(isTerminal: boolean): { during: string[]; after: string[] } {
  const { addSignalListener, removeSignalListener, stdin, stdout, stderr } = Deno;
  const files = [stdin, stdout, stderr];
  const real = files.map((file) => file.isTerminal);
  const now = new Set<string>();
  Deno.addSignalListener = (signal) => void now.add(signal);
  Deno.removeSignalListener = (signal) => void now.delete(signal);
  for (const file of files) file.isTerminal = () => isTerminal && file === stdin;
  try {
    const signals = onEndSignals(() => {});
    const during = [...now];
    signals[Symbol.dispose]();
    return { during, after: [...now] };
  } finally {
    Object.assign(Deno, { addSignalListener, removeSignalListener });
    for (const [i, file] of files.entries()) file.isTerminal = real[i]!;
  }
}

const ignore = Deno.build.os === "windows";

Deno.test({
  name: "onEndSignals() listens to the terminal's end where there is a terminal",
  ignore,
  fn: () => assertEquals(listened(true), { during: ["SIGINT", "SIGTERM", "SIGHUP"], after: [] }),
});

Deno.test({
  name: "onEndSignals() leaves SIGHUP alone without a terminal, as with nohup",
  ignore,
  fn: () => assertEquals(listened(false), { during: ["SIGINT", "SIGTERM"], after: [] }),
});
