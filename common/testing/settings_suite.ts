/**
 * The tests of a function with settings, made from its table.
 *
 * @module
 */
import type { TlsContext } from "../openssl/context.ts";
import type { SavedSession } from "../openssl/saved_session.ts";
import { liveSessions } from "../openssl/session.ts";
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "./assert.ts";
import { testCertificates } from "./certs.ts";
import { documentedDefault, goodSettings } from "./good_settings.ts";
import { within } from "./within.ts";
import {
  type AnyTable,
  clashes,
  fickle,
  noSettings,
  unknownSettings,
  type Wrong,
  wrongValues,
} from "./wrong_settings.ts";

/** A function or constructor that takes settings. */
export interface Subject {
  /** Such as "connectDtls()". */
  readonly name: string;
  readonly table: AnyTable;
  /** As few settings as are accepted. */
  readonly base: object;
  /** Calls it, and ends at once what it has made. */
  // deno-lint-ignore no-explicit-any -- what no type allows is handed in, too
  call(options: any): unknown;
  /** Set where it can be called without settings. */
  readonly isOptional?: true;
  /** Set where no setting says anything about another. */
  readonly isSimple?: true;
  /** Good values of settings that only its caller has, such as a context. */
  more?: Readonly<Record<string, readonly unknown[]>>;
}

/** No socket can be opened: that would be another error. */
const PERMISSIONS: Deno.PermissionOptions = {
  net: false,
  env: "inherit",
  ffi: "inherit",
  read: "inherit",
};

/** Registers the tests of a function: what it refuses, and what it takes. */
export function testSettings(subject: Subject): void {
  testRefusals(subject);
  testAcceptance(subject);
}

function refuses(
  { name, call }: Subject,
  what: string,
  wrong: () => readonly Wrong[] | Promise<readonly Wrong[]>,
): void {
  Deno.test({
    name: `${name} refuses ${what}, before it opens anything`,
    permissions: PERMISSIONS,
    fn: () => within(checkAll(call, wrong)),
  });
}

/** Registers the tests of what a function refuses. */
export function testRefusals(subject: Subject): void {
  const { table, base } = subject;
  for (const setting of Object.keys(table)) {
    refuses(subject, `every wrong ${setting}`, () => wrongValues(table, base, setting));
  }
  refuses(subject, "settings that there are not", () => unknownSettings(table, base));
  refuses(
    subject,
    "what is no object with settings",
    () => noSettings().filter(({ options }) => options !== undefined || !subject.isOptional),
  );
  if (subject.isSimple) return;
  refuses(subject, "settings that do not go together", async () => {
    const { client, ca } = await testCertificates();
    return clashes(table, base, client, ca);
  });
}

/** Makes sure that each of some calls is refused as it has to be. */
export async function checkAll(
  call: Subject["call"],
  wrong: () => readonly Wrong[] | Promise<readonly Wrong[]>,
): Promise<void> {
  const before = liveSessions();
  const all = await wrong();
  assert(all.length > 0, "there is nothing to refuse");
  for (const { what, options, error: kind, names } of all) {
    const error = await errorOf(() => call(options));
    assert(error !== undefined, `${what} of ${names} is accepted`);
    assertInstanceOf(error, kind);
    assertStringIncludes(error.message, names, what);
  }
  assertEquals(liveSessions(), before);
}

/** What goes with a context, and what does not. */
export interface Together {
  /** Settings that belong into it. */
  readonly inside: AnyTable;
  readonly good: TlsContext;
  /** Contexts that cannot be used, by what is said of them. */
  readonly foreign: Readonly<Record<string, TlsContext>>;
  /** What has been closed. */
  readonly closed: { readonly context: TlsContext; readonly session?: SavedSession };
}

/** Registers the tests of a function that takes a context and a session. */
export function testTogether(subject: Subject, { inside, good, foreign, closed }: Together): void {
  const wrong = (settings: object, names: string): Wrong => (
    { what: names, options: { ...subject.base, ...settings }, error: TypeError, names }
  );
  refuses(subject, "settings of a context beside one", async () => {
    const all = Object.keys(inside).filter((name) => name !== "library").map(async (name) => {
      const [settings] = await goodSettings(inside, name);
      return wrong({ context: good, [name]: (settings as Record<string, unknown>)[name] }, name);
    });
    return (await Promise.all(all)).map((one) => ({
      ...one,
      names: `${one.names} belongs into the context`,
    }));
  });
  refuses(
    subject,
    "a context that is another end's, or another transport's",
    () => Object.entries(foreign).map(([names, context]) => wrong({ context }, names)),
  );
  refuses(
    subject,
    "what is closed",
    () => Object.entries(closed).map(([name, one]) => wrong({ [name]: one }, `${name} is closed`)),
  );
}

/** Registers a test for every setting: good values and what the documentation calls its default. */
function testAcceptance({ name, table, base, call, more }: Subject): void {
  for (const setting of Object.keys(table).filter((one) => !table[one]!.isRefused)) {
    Deno.test(`${name} takes every good ${setting}, and reads it once`, async () => {
      const before = liveSessions();
      const good = await goodSettings(table, setting, more);
      const known = documentedDefault(table, setting);
      if (known !== undefined && !(setting in base)) good.push({ [setting]: known });
      assert(good.length > 0 || setting in base || setting === "library", "no good value is known");
      for (const settings of good) {
        await within(Promise.resolve(call({ ...base, ...settings })));
        const value = (settings as Record<string, unknown>)[setting];
        const once = fickle({ ...base, ...settings }, setting, value, Symbol("later"));
        await within(Promise.resolve(call(once)));
      }
      // What connections have sent before they were abandoned leaves in this test.
      let turns = 0;
      do {
        await new Promise((resolve) => setTimeout(resolve, 0));
      } while (liveSessions() > before && ++turns < 1000);
      assertEquals(liveSessions(), before);
    });
  }
  Deno.test(`${name} takes the least that it needs`, async () => {
    await within(Promise.resolve(call(base)));
  });
}

/** What a call throws or rejects with; undefined where it does neither. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
}
