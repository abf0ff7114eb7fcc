/**
 * What a test's own process says on stderr.
 *
 * @module
 */

/** The lines that console.error() is handed while something runs; they are not shown. */
export async function saidIn(run: () => unknown): Promise<string[]> {
  const said: string[] = [];
  const { error } = console;
  console.error = (line: string) => void said.push(line);
  try {
    await run();
  } finally {
    console.error = error;
  }
  return said;
}
