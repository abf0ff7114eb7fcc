/**
 * docs/settings.md: what each function of the libraries may be told, from the tables that its
 * settings are checked against.
 *
 * @module
 */
import { CONTEXT_SETTINGS } from "../../common/openssl/context_settings.ts";
import { CLIENT_CONTEXT } from "../../common/openssl/settings_table.ts";
import { SESSION } from "../../common/openssl/session_settings.ts";
import { LISTENER_CORE } from "../../common/secure/listener_settings.ts";
import type { Setting } from "../../common/settings/check.ts";
import { join } from "../../common/base/std.ts";
import { CONNECT_DTLS, LISTEN_DTLS } from "../../dtls/lib/settings.ts";
import { ACCEPT_TLS, CONNECT_TLS, LISTEN_TLS, START_TLS } from "../../tls/lib/settings.ts";
import { ROOT } from "../lib/children.ts";
import { markdownTable } from "./markdown_table.ts";

/** Where the page stands. */
export const PAGE: string = join(ROOT, "docs", "settings.md");

const HEAD = ["setting", "allowed", "default", "what it is for"];

type Table = Readonly<Record<string, Setting<unknown>>>;

const INTRODUCTION = [
  "What each function of `dtls/mod.ts`, `tls/mod.ts` and `./core` may be told. All of it is checked when the " +
  "program runs, before anything is opened: a setting that is unknown, missing or of the wrong " +
  "kind is refused with a TypeError, one whose value cannot be used with a RangeError, and the " +
  "message names it. Each is read once; texts, lists and keys are copied. `undefined` is the same " +
  "as absent, `null` is not.",
  "This page is made by `deno task docs` from the tables that the check uses.",
];

const CERTIFICATES = `A server has \`cert\` with its \`key\`, or \`pskLookup\`, or both.`;

const CLIENTS_CONTEXT = (name: string) =>
  `What belongs into a context is refused beside \`context\`, which is what \`${name}()\` has made.`;

const SECTIONS: readonly { title: string; table: Table; text: string }[] = [
  {
    title: "connectDtls()",
    table: CONNECT_DTLS,
    text: `Connects to a DTLS server. ${CLIENTS_CONTEXT("dtlsContext")}`,
  },
  {
    title: "dtlsContext()",
    table: CLIENT_CONTEXT.dtls,
    text: "Loads once what many connections of `connectDtls()` share.",
  },
  {
    title: "listenDtls()",
    table: LISTEN_DTLS,
    text: `Listens for DTLS clients, as \`new DtlsListener()\` does. ${CERTIFICATES}`,
  },
  {
    title: "connectTls()",
    table: CONNECT_TLS,
    text: `Connects to a TLS server. ${CLIENTS_CONTEXT("tlsContext")}`,
  },
  {
    title: "startTls()",
    table: START_TLS,
    text:
      `Begins TLS as the client of a stream. ${CLIENTS_CONTEXT("tlsContext")} Without \`psk\` it ` +
      "wants `serverName`.",
  },
  {
    title: "acceptTls()",
    table: ACCEPT_TLS,
    text: `Begins TLS as the server of a stream. ${CERTIFICATES}`,
  },
  {
    title: "tlsContext()",
    table: CLIENT_CONTEXT.tls,
    text: "Loads once what many connections of `connectTls()` share.",
  },
  {
    title: "listenTls()",
    table: LISTEN_TLS,
    text: `Listens for TLS clients, as \`new TlsListener()\` does. ${CERTIFICATES}`,
  },
  {
    title: "new TlsContext()",
    table: only(CONTEXT_SETTINGS.server.dtls, ["role", "datagram"]),
    text:
      "What `dtlsContext()` and `tlsContext()` make for clients, and listeners for themselves. " +
      "Beside these it takes a context's settings of that end and that transport, as above.",
  },
  {
    title: "new TlsSession()",
    table: SESSION.client.dtls,
    text:
      "One connection of `./core`, beside its context. A server's takes `mtu` alone, and a session " +
      "of TLS has no `mtu`.",
  },
  {
    title: "new DtlsListenerCore()",
    table: LISTENER_CORE,
    text: "Many DTLS connections of `./core`, beside their context and the shell.",
  },
];

function only(table: Table, names: readonly string[]): Table {
  return Object.fromEntries(Object.entries(table).filter(([name]) => names.includes(name)));
}

/** The whole page, as `deno fmt` leaves it. */
export function settingsPage(): string {
  const sections = SECTIONS.map(({ title, table, text }) =>
    [`## ${title}`, wrapped(text), markdownTable(HEAD, rowsOf(table))].join("\n\n")
  );
  return `${["# Settings", ...INTRODUCTION.map(wrapped), ...sections].join("\n\n")}\n`;
}

/** A row a setting, those inside a setting after it. */
function rowsOf(table: Table, inside = ""): string[][] {
  return Object.entries(table).flatMap(([name, { allowed, absent, summary, fields }]) => [
    [`\`${inside}${name}\``, allowed, absent ?? "required", summary],
    ...(fields ? rowsOf(fields as Table, `${name}.`) : []),
  ]);
}

/** Lines of 100 characters, as `deno fmt` is told in deno.json. */
function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines.at(-1) === "" ? word : `${lines.at(-1)} ${word}`;
    if (longer.length <= 100) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join("\n");
}
