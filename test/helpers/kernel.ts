import { mock } from "node:test";

/** What a cell sent to the notebook. */
export interface SentMessage {
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
  transient: { display_id?: string };
  update: boolean;
}

/** Runs `work` as if in a notebook's kernel and gives back what it sent. */
export async function asKernel(work: () => unknown): Promise<SentMessage[]> {
  const sent: SentMessage[] = [];
  const file = "/node_modules/tslab/dist/jupyter.js";
  const lastWriteDisplayData = (message: Omit<SentMessage, "update">, update: boolean) =>
    sent.push({ ...message, update });
  require.cache[file] = { exports: { lastWriteDisplayData } } as unknown as NodeModule;
  try {
    await work();
  } finally {
    delete require.cache[file];
  }
  return sent;
}

/** Runs `work` and gives back the lines it printed. */
export async function printed(work: () => unknown): Promise<string[]> {
  const log = mock.method(console, "log", () => {});
  try {
    await work();
    return log.mock.calls.map(({ arguments: [line] }) => String(line));
  } finally {
    log.mock.restore();
  }
}
