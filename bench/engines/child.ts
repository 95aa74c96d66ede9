/** The engine's side of the protocol: a request a line comes in, a reply a line goes out, both JSON. */
import { readSync, writeSync } from "node:fs";

/** What the bench asks: `do` names the handler, the rest is for it. */
export type Request = { do: string } & Record<string, unknown>;

/** By the name of what they do. */
export type Handlers = Record<string, (request: never) => unknown>;

let unread = "";

/** The next request; waits without a turn of the event loop, so that an engine can stop in the middle of its work. */
export function receive(): Request {
  const buffer = Buffer.alloc(65_536);
  while (!unread.includes("\n")) {
    const length = readBlocking(buffer);
    // the bench has no more requests
    if (length === 0) process.exit(0);
    unread += buffer.toString("utf8", 0, length);
  }
  const end = unread.indexOf("\n");
  const line = unread.slice(0, end);
  unread = unread.slice(end + 1);
  return JSON.parse(line);
}

export function reply(value: unknown): void {
  write({ reply: value });
}

/** Answers requests for ever; an error is the last answer. */
export async function serve(handlers: Handlers): Promise<never> {
  try {
    while (true) {
      const request = receive();
      const handler = handlers[request.do] as ((request: Request) => unknown) | undefined;
      if (!handler)
        throw new Error(
          `Expected a request of ${Object.keys(handlers).join(", ")}, got ${request.do}: mend the bench.`,
        );
      reply(await handler(request));
    }
  } catch (error) {
    fail(error as Error);
  }
}

export function fail(error: Error): never {
  write({ error: error.stack ?? error.message });
  process.exit(1);
}

function write(message: unknown): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let at = 0; at < bytes.length; ) at += patiently(() => writeSync(1, bytes, at));
}

const readBlocking = (buffer: Buffer): number => patiently(() => readSync(0, buffer));

/** Tries again while the pipe is not ready. */
function patiently(work: () => number): number {
  while (true) {
    try {
      return work();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
