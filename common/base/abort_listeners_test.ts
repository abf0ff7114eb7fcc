import { assertEquals } from "../testing/assert.ts";
import { offAbort, onAbort } from "./abort_listeners.ts";

/** A signal that counts its listeners. */
function counted(): { controller: AbortController; listeners: () => number } {
  const controller = new AbortController();
  let count = 0;
  const { addEventListener, removeEventListener } = controller.signal;
  Object.assign(controller.signal, {
    addEventListener(...args: Parameters<typeof addEventListener>) {
      count++;
      addEventListener.apply(controller.signal, args);
    },
    removeEventListener(...args: Parameters<typeof removeEventListener>) {
      count--;
      removeEventListener.apply(controller.signal, args);
    },
  });
  return { controller, listeners: () => count };
}

Deno.test("onAbort() calls all in their order, by one listener of the signal's", () => {
  const { controller, listeners } = counted();
  const called: number[] = [];
  for (const no of [1, 2, 3]) onAbort(controller.signal, () => called.push(no));
  assertEquals([listeners(), called], [1, []]);
  controller.abort();
  assertEquals(called, [1, 2, 3]);
});

Deno.test("offAbort() takes one back, and lets the signal go with the last one", () => {
  const { controller, listeners } = counted();
  const called: string[] = [];
  const [one, other] = [() => void called.push("one"), () => void called.push("other")];
  onAbort(controller.signal, one);
  onAbort(controller.signal, other);
  offAbort(controller.signal, one);
  offAbort(controller.signal, one);
  assertEquals(listeners(), 1);
  offAbort(controller.signal, other);
  assertEquals(listeners(), 0);
  onAbort(controller.signal, other);
  controller.abort();
  assertEquals(called, ["other"]);
});

Deno.test("what onAbort() calls may take others back, and is not called for itself again", () => {
  const { controller } = counted();
  const called: string[] = [];
  const other = () => void called.push("other");
  onAbort(controller.signal, () => {
    called.push("one");
    offAbort(controller.signal, other);
    onAbort(controller.signal, () => called.push("late"));
  });
  onAbort(controller.signal, other);
  controller.abort();
  assertEquals(called, ["one"]);
});

Deno.test("what onAbort() calls may throw: the others are called, and the error is reported", () => {
  const { controller } = counted();
  const called: string[] = [];
  const reported: unknown[] = [];
  const onError = (event: ErrorEvent) => {
    reported.push(event.error);
    event.preventDefault();
  };
  addEventListener("error", onError);
  const error = new Error("thrown");
  onAbort(controller.signal, () => {
    throw error;
  });
  onAbort(controller.signal, () => void called.push("other"));
  controller.abort();
  removeEventListener("error", onError);
  assertEquals([called, reported], [["other"], [error]]);
});

Deno.test("without a signal there is nothing to listen to", () => {
  onAbort(undefined, () => {});
  offAbort(undefined, () => {});
});
