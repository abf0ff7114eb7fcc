import { assert, assertEquals } from "../../common/testing/assert.ts";
import { CONTEXT_SETTINGS } from "../../common/openssl/context_settings.ts";
import { CONNECT_DTLS, LISTEN_DTLS } from "../../dtls/lib/settings.ts";
import { CONNECT_TLS, LISTEN_TLS } from "../../tls/lib/settings.ts";
import { PAGE, settingsPage } from "./settings_page.ts";

Deno.test("docs/settings.md is what the tables say; else run deno task docs", async () => {
  assertEquals(await Deno.readTextFile(PAGE), settingsPage());
});

Deno.test("settingsPage() has every setting of every function, with what is allowed", () => {
  const page = settingsPage();
  const context = CONTEXT_SETTINGS.server.dtls;
  for (const table of [CONNECT_DTLS, LISTEN_DTLS, CONNECT_TLS, LISTEN_TLS, context]) {
    for (const [name, { allowed, summary }] of Object.entries(table)) {
      const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\` `)) ?? "";
      assert(row !== "", `${name} has no row`);
      assert(page.includes(allowed) && page.includes(summary), name);
    }
  }
  assert(page.includes("| `psk.key` "));
});
