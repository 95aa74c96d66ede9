import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { readDrawing } from "../../lib/src/data/drawing";
import { projectDataFolder } from "../../lib/src/data/mnist";
import { bundleOf } from "../../lib/src/figures/show";
import { loadLeNet5 } from "../../lib/src/network/checkpoint";

// the compiled one, as notebooks have it: the page gets the source of its functions, which tsx would change
const { drawingPad } = require("lenet-lab") as typeof import("../../lib/src/index");

const weights = loadLeNet5(join(projectDataFolder(), "checkpoints", "lenet5.safetensors")).model.getWeights();
const pad = drawingPad(weights);

/** The pad in a page; `draw` makes a stroke. */
function opened(html: string) {
  const errors: unknown[] = [];
  const { window } = new JSDOM(`<body>${html}</body>`, {
    runScripts: "dangerously",
    beforeParse(page) {
      page.HTMLCanvasElement.prototype.getContext = () => null;
      page.addEventListener("error", (event) => errors.push(event.error));
    },
  });
  const sheet = window.document.querySelector("svg") as Element;
  const fire = (type: string, [clientX, clientY]: readonly [number, number]) =>
    sheet.dispatchEvent(new window.MouseEvent(type, { clientX, clientY, bubbles: true }));
  const draw = (...points: (readonly [number, number])[]) => {
    fire("pointerdown", points[0] as readonly [number, number]);
    for (const point of points) fire("pointermove", point);
    fire("pointerup", points.at(-1) as readonly [number, number]);
  };
  const text = (selector: string) => window.document.querySelector(selector)?.textContent ?? "";
  const press = async (name: string) => {
    const buttons = [...window.document.querySelectorAll("button")];
    buttons.find(({ textContent }) => textContent === name)?.click();
    await new Promise(setImmediate);
  };
  return { window, errors, draw, text, press };
}

test("drawingPad(weights) is HTML and words; where no script runs, it says what is missing and shows an example", async () => {
  const { data } = await bundleOf(pad);
  assert.deepEqual(Object.keys(data), ["text/html", "text/plain"]);
  assert.match(pad.alt, /^A pad to draw a digit on\. Example: a drawn 3, read as 3, with \d+\.\d %\.$/);
  const still = pad.html.replace(/<script>[\s\S]*<\/script>/, "");
  assert.match(still, /alive only where it has been made: open this notebook in JupyterLab .* and run this cell/);
  assert.match(still, /<img src="data:image\/png;base64,[^"]+" width="\d+" alt="A pad [^"]+">/);
  assert.ok(pad.html.length < 120_000, `${pad.html.length}`);
});

test("a page that holds the pad reads a drawing, copies it, and clears", async () => {
  const { window, errors, draw, text, press } = opened(pad.html);
  assert.equal((window.document.querySelector("[data-fallback]") as HTMLElement).hidden, true);
  assert.equal(text("[data-says]"), "Draw a digit, 0 to 9, on the sheet.");
  draw([140, 40], [139, 90], [138, 150], [137, 230]);
  assert.match(text("[data-says]"), /^It says 1, with \d+\.\d %$/);
  await press("copy");
  const field = window.document.querySelector("input") as HTMLInputElement;
  const images = readDrawing(field.value);
  const ink = images.data.reduce((a, b) => a + b, 0) / 255;
  assert.ok(ink > 30 && ink < 70, `${ink}`);
  assert.ok(images.get(0, 14, 14) > 200);
  await press("clear");
  assert.deepEqual([field.value, window.document.querySelectorAll("path").length], ["", 0]);
  await press("copy");
  assert.deepEqual([field.value, errors], ["", []]);
});

test("two pads on one page do not mix", () => {
  const { window, errors, draw } = opened(pad.html + pad.html);
  draw([60, 60], [200, 60], [120, 230]);
  const said = [...window.document.querySelectorAll("[data-says]")].map(({ textContent }) => textContent ?? "");
  assert.match(said[0] ?? "", /^It says 7/);
  assert.match(said[1] ?? "", /^Draw a digit/);
  assert.deepEqual(errors, []);
});

test("the pad asks nobody for anything", () => {
  assert.doesNotMatch(pad.html.replace("http://www.w3.org/2000/svg", ""), /https?:|fetch\(|XMLHttp|import\(/);
});
