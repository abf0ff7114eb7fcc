/**
 * Tests that draw charts.
 *
 * @module
 */

/** Registers a test: the charts' library starts timers of its own, which its end does not wait for. */
export function testWithCharts(name: string, fn: () => Promise<void> | void): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}
