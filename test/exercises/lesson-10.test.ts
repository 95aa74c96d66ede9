import { judges } from "../../lib/src/exercises/lesson-10";
import { roundHalfToEven } from "../../lib/src/int8/requantize";
import { holdsJudges } from "../helpers/judging";

const clamp = (x: number) => Math.min(255, Math.max(0, x));

holdsJudges(judges, {
  "10-1": {
    right: [
      (x: number, gradient: number) => (x >= -1 && x <= 2.5 ? gradient : 0),
      (x: number, gradient: number) => gradient * Number(Math.abs(x - 0.75) < 1.75) + 0,
      (x: number, gradient: number) => (x < -1 || x > 2.5 ? 0 : Math.fround(gradient)),
    ],
    wrong: [
      () => 0,
      (_: number, gradient: number) => gradient,
      (x: number, gradient: number) => (x >= -1 ? gradient : 0),
      (x: number, gradient: number) => (x <= 2.5 ? gradient : 0),
      (x: number) => (x >= -1 && x <= 2.5 ? 1 : 0),
      (x: number, gradient: number) => (x >= -1 && x <= 2.5 ? 0.5 * gradient : 0),
      (x: number, gradient: number) => (x >= -1 && x <= 2.5 ? x * gradient : 0),
      (x: number, gradient: number) => (x >= -1 && x <= 2.5 ? -gradient : 0),
      (x: number, gradient: number) => Math.min(2.5, Math.max(-1, x)) && gradient,
      3,
    ],
    secret: /gradient : 0|\? /,
  },
  "10-2": { right: [99.4, 99.1], wrong: [33, 98, -1, 110, 100, 99.9, 0.994, "many"], secret: /99\.[0-5]/ },
  "10-3": {
    right: [
      (sum: number, factor: number) => clamp(roundHalfToEven(Math.fround(Math.fround(sum) * factor))),
      (sum: number, factor: number) => Uint8ClampedArray.of(sum * factor)[0],
      (sum: number, factor: number) => roundHalfToEven(clamp(sum * factor)),
      (sum: number, factor: number) => {
        const x = sum * factor;
        if (x <= 0) return 0;
        if (x >= 255) return 255;
        return Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
      },
    ],
    wrong: [
      (sum: number, factor: number) => clamp(Math.round(sum * factor)),
      (sum: number, factor: number) => roundHalfToEven(sum * factor),
      (sum: number, factor: number) => Math.max(0, roundHalfToEven(sum * factor)),
      (sum: number, factor: number) => clamp(Math.trunc(sum * factor)),
      (sum: number, factor: number) => Math.min(127, Math.max(-128, roundHalfToEven(sum * factor))),
      (sum: number, factor: number) => clamp(roundHalfToEven(sum / factor)),
      (sum: number, factor: number) => clamp(sum * factor),
      (sum: number, factor: number) => Math.min(127, Math.max(0, roundHalfToEven(sum * factor))),
      (sum: number, factor: number) => Math.max(-255, Math.min(255, roundHalfToEven(sum * factor))),
      (sum: number, factor: number) => Math.min(256, Math.max(0, roundHalfToEven(sum * factor))),
    ],
    secret: /min\(|max\(|255/i,
  },
  "10-4": {
    right: ["integers", " Integers "],
    wrong: ["float", "both", "neither", "int8", true],
    secret: /^integers|is "integers"/i,
  },
  "10-a": {
    right: [
      (codes: Int8Array, bias: number) => codes.reduce((sum, code) => sum + 255 * Math.abs(code), Math.abs(bias)),
      (codes: Int8Array, bias: number) => {
        let [up, down] = [bias, -bias];
        for (const code of codes) [up, down] = [up + 255 * Math.max(0, code), down + 255 * Math.max(0, -code)];
        return Math.max(up, down);
      },
    ],
    wrong: [
      (codes: Int8Array, bias: number) => codes.reduce((sum, code) => sum + 255 * Math.abs(code), bias),
      (codes: Int8Array, bias: number) => codes.reduce((sum, code) => sum + 256 * Math.abs(code), Math.abs(bias)),
      (codes: Int8Array, bias: number) => Math.max(...codes.map(Math.abs)) * 255 + Math.abs(bias),
      (codes: Int8Array, bias: number) => codes.reduce((sum, code) => sum + 255 * code, bias),
      (codes: Int8Array) => codes.reduce((sum, code) => sum + 255 * Math.abs(code), 0),
      (codes: Int8Array, bias: number) => codes.length * 255 * 127 + Math.abs(bias),
      (codes: Int8Array, bias: number) => codes.reduce((sum, code) => sum + 127 * Math.abs(code), Math.abs(bias)),
    ],
    secret: /255|abs/i,
  },
  "10-b": { right: [0.01, 0.02 / 2], wrong: [0.02, 0.005, "largest"], secret: /0\.01/ },
  "10-c": { right: ["ceil", "Ceil "], wrong: ["trunc", "floor", "round"], secret: /^ceil/i },
});
