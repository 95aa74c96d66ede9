import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../../lib/src/exercises/check";
import type { Judge } from "../../lib/src/exercises/verdict";

/** Answers to one task. */
export interface Answers {
  /** the solution, and another right way or more: at least two */
  right: unknown[];
  /** plausible mistakes, at least three */
  wrong: unknown[];
  /** what no sentence about a wrong answer may contain: the solution as a reader would write it */
  secret: RegExp;
}

/** Holds every task of a lesson to its answers: right ones accepted, wrong ones refused, the solution kept secret. */
export function holdsJudges(judges: Record<string, Judge>, answers: Record<string, Answers>): void {
  test("every task of the lesson has answers to be held to", () => {
    assert.deepEqual(Object.keys(answers).sort(), Object.keys(judges).sort());
  });
  for (const [task, { right, wrong, secret }] of Object.entries(answers)) {
    test(`check("${task}", …) accepts ${right.length} right answers and refuses ${wrong.length} wrong ones`, () => {
      assert.ok(right.length >= 2 && wrong.length >= 3, `${right.length} right, ${wrong.length} wrong`);
      for (const [i, answer] of right.entries()) {
        const verdict = judge(task, answer);
        assert.equal(verdict.state, "right", `right answer ${i}: ${verdict.says}`);
      }
      for (const [i, answer] of wrong.entries()) {
        const { state, says } = judge(task, answer);
        assert.equal(state, "wrong", `wrong answer ${i}: ${says}`);
        assert.match(says, /^.{15,}[.!?]$/s, `wrong answer ${i}`);
        assert.doesNotMatch(says, secret, `wrong answer ${i}`);
      }
    });
  }
}
