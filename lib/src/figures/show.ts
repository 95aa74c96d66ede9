import type { DrawingPad } from "./drawing-pad";
import type { Figure } from "./figure";
import type { Picture } from "./images";
import { figureToPng } from "./render/png";
import type { Table } from "./table";

/** What `show` can show. */
export type Showable = Figure | Picture | Table | DrawingPad;

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

/** Shows items under the running cell, in order; outside a notebook prints their words. Await it. */
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
  if (item.kind === "pad") return { data: { "text/html": item.html, "text/plain": item.alt }, metadata: {} };
  if (item.kind === "picture") return pictureBundle(item);
  const { data, layout, alt } = item;
  // at twice its size, so that it stays sharp where a viewer narrows it
  if (item.still) {
    const { width, height } = layout;
    return pictureBundle({ kind: "picture", png: await figureToPng(item, { scale: 2 }), width, height, alt });
  }
  // JupyterLab's plotly renderer shows the PNG until the mouse enters, at its own size: one pixel per CSS pixel
  const png = await figureToPng(item, { scale: 1 });
  const interactive = { "application/vnd.plotly.v1+json": { data, layout, config: plotlyConfig } };
  return { data: { ...interactive, "image/png": base64(png), "text/plain": alt }, metadata: { "image/png": { alt } } };
}

/** A picture at its CSS size; the width alone, so that a viewer that narrows it keeps its proportions. */
export function pictureBundle({ png, width, alt }: Picture): MimeBundle {
  return { data: { "image/png": base64(png), "text/plain": alt }, metadata: { "image/png": { width, alt } } };
}

const plotlyConfig = {
  responsive: false,
  displaylogo: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
};

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function textOf(item: Showable): string {
  return item.kind === "table" ? item.text : item.alt;
}

/** The kernel's function that writes a cell's outputs; sought among loaded modules, so as to load nothing elsewhere. */
function kernelWrite(): Write | undefined {
  const file = Object.keys(require.cache).find((name) => /[\\/]tslab[\\/]dist[\\/]jupyter\.js$/.test(name));
  const kernel =
    file === undefined ? undefined : (require.cache[file]?.exports as { lastWriteDisplayData?: Write | null });
  return kernel?.lastWriteDisplayData ?? undefined;
}
