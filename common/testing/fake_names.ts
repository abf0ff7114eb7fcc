/** Host names that the system does not know. */
import dns from "node:dns/promises";
import { isIP } from "node:net";

/** Answers every look-up of a name until it is disposed of. */
export class FakeNames implements Disposable {
  /** What was asked for, in order. */
  readonly asked: string[] = [];
  readonly #real = dns.lookup;

  /** @param table the addresses of each name that is known */
  constructor(table: Readonly<Record<string, readonly string[]>>) {
    const lookup = (name: string) => {
      this.asked.push(name);
      const addresses = table[name];
      if (!addresses) return Promise.reject(Object.assign(new Error(name), { code: "ENOTFOUND" }));
      return Promise.resolve(addresses.map((address) => ({ address, family: isIP(address) })));
    };
    Object.assign(dns, { lookup });
  }

  /** Gives the system's own look-up back. */
  [Symbol.dispose](): void {
    dns.lookup = this.#real;
  }
}
