import type { Figure } from "./figures";
import type { Picture } from "./images";
import { figureToPng } from "./png";
import type { Table } from "./table";

/** What `show` can show. */
export type Showable = Figure | Picture | Table;

/** One output in several forms, by MIME type; a reader's program takes the best that it can show. */
export interface MimeBundle {
  data: Record<string, unknown>;
  metadata: Record<string, unknown>;
}

/** An output of the running cell that can be overwritten. */
export interface LiveOutput {
  update(bundle: MimeBundle): void;
}

type Write = (message: MimeBundle & { transient: object }, isUpdate: boolean) => void;

/** Whether notebooks are to take the quick way: few images, one epoch. Set by the environment variable LENET_QUICK. */
export const quick: boolean = process.env.LENET_QUICK === "1";

/** Whether this process is a notebook's kernel. */
export function inKernel(): boolean {
  return kernelWrite() !== undefined;
}

let last: Promise<void> = Promise.resolve();

/** Shows figures, pictures and tables under the running cell, in order; prints their words outside a kernel. Await it. */
export function show(...items: Showable[]): Promise<void> {
  const write = kernelWrite();
  const shown = last.then(async () => {
    for (const item of items) {
      if (write) write({ ...(await bundleOf(item)), transient: {} }, false);
      else console.log(textOf(item));
    }
  });
  // a failed item must not keep later ones from being shown
  last = shown.catch(() => {});
  return shown;
}

/** Opens an output under the running cell; every update takes the place of the one before. Nothing outside a kernel. */
export function liveOutput(): LiveOutput | undefined {
  const write = kernelWrite();
  if (!write) return undefined;
  const transient = { display_id: `lenet-${process.pid}-${counter++}` };
  let isUpdate = false;
  return {
    update(bundle) {
      write({ ...bundle, transient }, isUpdate);
      isUpdate = true;
    },
  };
}

let counter = 0;

/** The forms in which an item goes into the notebook. */
export async function bundleOf(item: Showable): Promise<MimeBundle> {
  if (item.kind === "table") return { data: { "text/html": item.html, "text/plain": item.text }, metadata: {} };
  const [png, width] = item.kind === "figure" ? [await figureToPng(item), item.layout.width] : [item.png, item.width];
  const interactive =
    item.kind === "figure"
      ? { "application/vnd.plotly.v1+json": { data: item.data, layout: item.layout, config: plotlyConfig } }
      : {};
  return {
    data: { ...interactive, "image/png": Buffer.from(png).toString("base64"), "text/plain": item.alt },
    // the width alone: a program that draws the picture anew keeps its proportions
    metadata: { "image/png": { width, alt: item.alt } },
  };
}

const plotlyConfig = {
  responsive: false,
  displaylogo: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
};

function textOf(item: Showable): string {
  return item.kind === "table" ? item.text : item.alt;
}

/** What the kernel writes the running cell's outputs with; sought among loaded modules, so that nothing loads outside a kernel. */
function kernelWrite(): Write | undefined {
  const file = Object.keys(require.cache).find((name) => /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(name));
  const kernel =
    file === undefined ? undefined : (require.cache[file]?.exports as { lastWriteDisplayData?: Write | null });
  return kernel?.lastWriteDisplayData ?? undefined;
}
