import assert from "node:assert/strict";
import { test } from "node:test";
import { check, judge, tasks } from "../../lib/src/exercises/check";
import { tf } from "../../lib/src/tensors/tensorflow";
import { printed } from "../helpers/kernel";

const junk: [string, unknown][] = [
  ["null", null],
  ["NaN", Number.NaN],
  ["an empty word", ""],
  ["a word", "none of these"],
  ["an empty list", []],
  ["a list of words", ["a", "b"]],
  ["an object", {}],
  ["a promise", Promise.resolve(1)],
  ["a function that throws", () => assert.fail("on purpose")],
  [
    "a function that throws a word",
    () => {
      throw "on purpose";
    },
  ],
  ["a function without return", () => undefined],
  ["a function that returns NaN", () => Number.NaN],
  ["a function that returns a promise", async () => 1],
];

test("check(task, junk) never throws, finds no junk right, says why in a sentence, and keeps no tensor", () => {
  for (const task of Object.keys(tasks)) {
    for (const [name, answer] of junk) {
      const before = tf.memory().numTensors;
      const { state, says } = judge(task, answer);
      assert.equal(state, "wrong", `${task} of ${name}: ${says}`);
      assert.match(says, /^.{15,}[.!?]$/s, `${task} of ${name}`);
      assert.equal(tf.memory().numTensors, before, `${task} of ${name}`);
    }
  }
});

test("check(task, answer) prints a sign, the task and a sentence", async () => {
  const lines = await printed(() => {
    check("01-1", 10);
    check("01-1", 50);
    check("01-1", undefined);
  });
  assert.equal(lines.length, 3);
  for (const [i, sign] of ["✓", "✗", "○"].entries())
    assert.match(lines[i] ?? "", new RegExp(`^${sign} 01-1: \\S.*[.?]$`));
});

test("check(task, undefined) says that there is no answer yet", () => {
  for (const task of Object.keys(tasks)) assert.equal(judge(task, undefined).state, "open", task);
});

test("check(unknown task) says how tasks are called", () => {
  assert.match(judge("99-1", 1).says, /^there is no task of this name/);
});
