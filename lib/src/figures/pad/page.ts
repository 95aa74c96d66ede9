/** What happens in the drawing pad's page, as JavaScript for a browser: no library, no network. */

/**
 * The body of a function of `root` (the pad's element), `read` (strokes → pixels), `ask` (pixels → ten probabilities)
 * and `write` (pixels → text). The pad's unit is 1/280 of its side.
 */
export const padScript = `
  const make = (tag, parent, attributes = {}) => {
    const isDrawn = tag === "svg" || tag === "path";
    const element = isDrawn ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return parent.appendChild(element);
  };
  const column = "display:flex;flex-direction:column;gap:8px;";
  const paper = "background:#fff;border:1px solid #8a949e;border-radius:4px;";

  root.querySelector("[data-fallback]").hidden = true;
  const pad = make("div", root, { style: "display:flex;flex-wrap:wrap;gap:18px;padding:8px 2px;align-items:flex-start" });
  // keys that are meant for a button are none of the notebook's
  pad.setAttribute("data-lm-suppress-shortcuts", "true");
  pad.addEventListener("keydown", (event) => event.stopPropagation());

  const left = make("div", pad, { style: column });
  const sheet = make("svg", left, {
    viewBox: "0 0 280 280", width: 280, height: 280, role: "img", "aria-label": "Sheet to draw a digit on, with mouse or finger",
    style: paper + "touch-action:none;cursor:crosshair",
  });
  const buttons = make("div", left, { style: "display:flex;gap:8px" });
  const [clear, copy] = ["clear", "copy"].map((name) => {
    const button = make("button", buttons, { type: "button", style: "font:inherit;padding:4px 14px;cursor:pointer" });
    button.textContent = name;
    return button;
  });

  const note = make("div", left, { "aria-live": "polite", style: "font-size:12px;min-height:1.4em" });

  const middle = make("div", pad, { style: column + "width:112px" });
  const view = make("canvas", middle, { width: 28, height: 28, role: "img", "aria-label": "The 28 × 28 pixels that the network gets",
    style: paper + "width:112px;height:112px;image-rendering:pixelated" });
  make("div", middle, { style: "font-size:12px" }).textContent = "what the network gets: 28 × 28 pixels";

  const right = make("div", pad, { style: column + "width:232px" });
  const says = make("div", right, { "aria-live": "polite", "data-says": "", style: "font-weight:600;min-height:1.4em" });
  const bars = make("div", right, { "aria-hidden": "true", style: "font-size:12px;font-variant-numeric:tabular-nums" });
  const rows = Array.from({ length: 10 }, (_, digit) => {
    const row = make("div", bars, { style: "display:flex;align-items:center;gap:8px;height:19px" });
    make("span", row, { style: "width:1em;text-align:right" }).textContent = digit;
    const track = make("div", row, { style: "flex:1;height:12px;border-radius:2px;background:rgba(128,140,152,.22)" });
    const bar = make("div", track, { style: "height:12px;width:0;border-radius:2px;background:#3f90da" });
    return { bar, number: make("span", row, { style: "width:4em;text-align:right" }) };
  });

  const field = make("input", pad, { readonly: "", "aria-label": "Your drawing as text", placeholder: "copy puts your drawing here, as text",
    style: "flex-basis:100%;max-width:700px;box-sizing:border-box;padding:5px 8px;font:12px monospace;color:inherit;background:transparent;border:1px solid #8a949e;border-radius:4px" });
  field.addEventListener("focus", () => field.select());

  let strokes = [];
  let pixels;
  const refresh = () => {
    note.textContent = "";
    pixels = strokes.length > 0 ? read(strokes, 40) : undefined;
    const probabilities = pixels ? ask(pixels) : [];
    const best = probabilities.indexOf(Math.max(...probabilities));
    const percent = (value) => (100 * value).toFixed(1) + " %";
    says.textContent = pixels ? "It says " + best + ", with " + percent(probabilities[best]) : "Draw a digit, 0 to 9, on the sheet.";
    rows.forEach(({ bar, number }, digit) => {
      bar.style.width = 100 * (probabilities[digit] ?? 0) + "%";
      bar.style.background = digit === best ? "#e76300" : "#3f90da";
      number.textContent = pixels ? percent(probabilities[digit]) : "";
    });
    const context = view.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, 28, 28);
    (pixels ?? []).forEach((value, p) => {
      context.fillStyle = "rgba(0,0,0," + value / 255 + ")";
      context.fillRect(p % 28, Math.floor(p / 28), 1, 1);
    });
  };

  let line;
  const point = ({ clientX, clientY }) => {
    const box = sheet.getBoundingClientRect();
    return [(280 * (clientX - box.left)) / (box.width || 280), (280 * (clientY - box.top)) / (box.height || 280)];
  };
  const draw = () => line.setAttribute("d", "M" + strokes.at(-1).map((at) => at.map((value) => value.toFixed(1)).join(" ")).join("L") + "l0 0");
  sheet.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    sheet.setPointerCapture?.(event.pointerId);
    strokes.push([point(event)]);
    line = make("path", sheet, { fill: "none", stroke: "#111", "stroke-width": 20, "stroke-linecap": "round", "stroke-linejoin": "round" });
    draw();
    refresh();
  });
  sheet.addEventListener("pointermove", (event) => {
    if (!line) return;
    const [[x, y], [lastX, lastY]] = [point(event), strokes.at(-1).at(-1)];
    if (Math.hypot(x - lastX, y - lastY) < 4) return;
    strokes.at(-1).push([x, y]);
    draw();
    refresh();
  });
  for (const end of ["pointerup", "pointercancel"]) sheet.addEventListener(end, () => { line = undefined; });

  clear.addEventListener("click", () => {
    strokes = [];
    field.value = "";
    sheet.replaceChildren();
    refresh();
  });
  copy.addEventListener("click", async () => {
    if (!pixels) {
      note.textContent = "There is nothing to copy yet: draw first.";
      return;
    }
    field.value = write(pixels);
    field.focus();
    const copied = await Promise.resolve(navigator.clipboard?.writeText(field.value)).then(() => Boolean(navigator.clipboard), () => false);
    note.textContent = copied ? "Copied: paste it into a cell." : "Press Ctrl+C (on a Mac ⌘C) to copy the text below.";
  });
  refresh();
`;
