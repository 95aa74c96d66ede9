import { createCanvas } from "@napi-rs/canvas";
import type { DOMWindow } from "jsdom";

interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

interface FontStyle {
  size: number;
  weight: string;
  anchor: string;
}

const context = createCanvas(1, 1).getContext("2d");

/** Teaches jsdom, which lays nothing out, how large SVG text is: enough of getBBox and its relatives for plotly.js. */
export function installTextMeasure(window: DOMWindow): void {
  const prototype = window.SVGElement.prototype as unknown as Record<string, unknown>;
  prototype.getBBox = function getBBox(this: Element) {
    return asRectangle(contentBox(this));
  };
  prototype.getBoundingClientRect = function getBoundingClientRect(this: Element) {
    let box = contentBox(this);
    for (let element: Element | null = this; element; element = element.parentElement)
      box = transformed(box, element.getAttribute("transform"));
    return asRectangle(box);
  };
  prototype.getComputedTextLength = function getComputedTextLength(this: Element) {
    return runWidth(this, fontOf(this));
  };
}

/** The box of an element in its own coordinates; shapes other than text count as empty. */
function contentBox(element: Element): Box | undefined {
  if (element.tagName === "text") return textBox(element);
  if (element.tagName === "rect") return rectangleBox(element);
  let box: Box | undefined;
  for (const child of element.children)
    box = union(box, transformed(contentBox(child), child.getAttribute("transform")));
  return box;
}

/** Lines of a text are `tspan.line`, each with its own offset in em; a text without them is one line. */
function textBox(text: Element): Box | undefined {
  const lines = [...text.children].filter((child) => child.classList.contains("line"));
  const x = Number.parseFloat(text.getAttribute("x") ?? "0") || 0;
  const y = Number.parseFloat(text.getAttribute("y") ?? "0") || 0;
  let box: Box | undefined;
  for (const line of lines.length > 0 ? lines : [text]) {
    const font = fontOf(line);
    const width = runWidth(line, font);
    const baseline = y + (Number.parseFloat(line.getAttribute("dy") ?? "0") || 0) * font.size;
    const left = x - (font.anchor === "middle" ? width / 2 : font.anchor === "end" ? width : 0);
    // ascent and descent of Inter, in em
    box = union(box, {
      left,
      right: left + width,
      top: baseline - 0.97 * font.size,
      bottom: baseline + 0.24 * font.size,
    });
  }
  return box;
}

function rectangleBox(element: Element): Box {
  const number = (name: string) => Number.parseFloat(element.getAttribute(name) ?? "0") || 0;
  return {
    left: number("x"),
    top: number("y"),
    right: number("x") + number("width"),
    bottom: number("y") + number("height"),
  };
}

/** Width of the text in an element, each piece in its own font. */
function runWidth(element: Element, font: FontStyle): number {
  let width = 0;
  for (const node of element.childNodes) {
    if (node.nodeType === 1) width += runWidth(node as Element, fontOf(node as Element));
    else if (node.nodeType === 3) {
      context.font = `${font.weight} ${font.size}px Inter`;
      width += context.measureText(node.textContent ?? "").width;
    }
  }
  return width;
}

/** Size, weight and anchor that an element has or inherits. */
function fontOf(element: Element): FontStyle {
  const own = (name: string) =>
    element.getAttribute("style")?.match(new RegExp(`(?:^|;)\\s*${name}:\\s*([^;]+)`))?.[1] ??
    element.getAttribute(name);
  const inherited = element.parentElement
    ? fontOf(element.parentElement)
    : { size: 12, weight: "400", anchor: "start" };
  const size = own("font-size");
  return {
    size: size?.endsWith("%")
      ? (inherited.size * Number.parseFloat(size)) / 100
      : Number.parseFloat(size ?? "") || inherited.size,
    weight: own("font-weight") ?? inherited.weight,
    anchor: own("text-anchor") ?? inherited.anchor,
  };
}

/** The box around a box after `translate`, `rotate` and `scale` as written in an SVG attribute, last one first. */
function transformed(box: Box | undefined, attribute: string | null): Box | undefined {
  if (!box || !attribute) return box;
  let corners: [number, number][] = [
    [box.left, box.top],
    [box.right, box.top],
    [box.left, box.bottom],
    [box.right, box.bottom],
  ];
  for (const [, name, list] of [...attribute.matchAll(/(translate|rotate|scale)\(([^)]*)\)/g)].reverse()) {
    const [a = 0, b = 0, c = 0] = (list as string).split(/[\s,]+/).map(Number);
    if (name === "translate") corners = corners.map(([x, y]) => [x + a, y + b]);
    else if (name === "scale") corners = corners.map(([x, y]) => [x * a, y * (b || a)]);
    else corners = corners.map(([x, y]) => rotated(x, y, (a * Math.PI) / 180, b, c));
  }
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

function rotated(x: number, y: number, angle: number, aboutX: number, aboutY: number): [number, number] {
  const [dx, dy, cos, sin] = [x - aboutX, y - aboutY, Math.cos(angle), Math.sin(angle)];
  return [aboutX + dx * cos - dy * sin, aboutY + dx * sin + dy * cos];
}

function union(a: Box | undefined, b: Box | undefined): Box | undefined {
  if (!a || !b) return a ?? b;
  return {
    left: Math.min(a.left, b.left),
    top: Math.min(a.top, b.top),
    right: Math.max(a.right, b.right),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

function asRectangle(box: Box = { left: 0, top: 0, right: 0, bottom: 0 }): object {
  const [width, height] = [box.right - box.left, box.bottom - box.top];
  return { ...box, x: box.left, y: box.top, width, height };
}
