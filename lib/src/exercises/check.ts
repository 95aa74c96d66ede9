import { tf } from "../tensors/tensorflow";
import { UnfitAnswer } from "./answers";
import { judges as lesson01 } from "./lesson-01";
import { judges as lesson02 } from "./lesson-02";
import { judges as lesson03 } from "./lesson-03";
import { judges as lesson04 } from "./lesson-04";
import { judges as lesson05 } from "./lesson-05";
import { judges as lesson06 } from "./lesson-06";
import { judges as lesson07 } from "./lesson-07";
import { judges as lesson08 } from "./lesson-08";
import { judges as lesson09 } from "./lesson-09";
import { judges as lesson10 } from "./lesson-10";
import { type Judge, type Verdict, wrong } from "./verdict";

/** Every task that can be checked, by its name: "06-2" is the second task of lesson 06, "06-b" its second exercise. */
export const tasks: Readonly<Record<string, Judge>> = {
  ...lesson01,
  ...lesson02,
  ...lesson03,
  ...lesson04,
  ...lesson05,
  ...lesson06,
  ...lesson07,
  ...lesson08,
  ...lesson09,
  ...lesson10,
};

const signs = { right: "✓", wrong: "✗", open: "○" };

/**
 * Says under the cell whether an answer is right and, if not, what to look at. It never throws.
 * @param task "06-2" is the second task of lesson 06, "06-b" its second exercise
 * @param answer what the task asks for: a number, a list, a word, or a function, which is tried on fresh inputs
 */
export function check(task: string, answer: unknown): void {
  const { state, says } = judge(task, answer);
  console.log(`${signs[state]} ${task}: ${says}`);
}

/** What `check` says of an answer. Tensors that the answer makes while it is tried are disposed. */
export function judge(task: string, answer: unknown): Verdict {
  const known = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
  if (!known) return wrong(`there is no task of this name; they are called ${someNames()}.`);
  if (answer === undefined) return { state: "open", says: "no answer yet. Put yours in the cell and run it again." };
  try {
    return tf.tidy(() => known(answer) as never) as Verdict;
  } catch (error) {
    if (error instanceof UnfitAnswer) return wrong(error.message);
    const message = error instanceof Error ? error.message : String(error);
    return wrong(`your code threw an error: ${message.replace(/[.!?]?$/, ".")}`);
  }
}

const someNames = () => `${Object.keys(tasks).slice(0, 3).join(", ")} and so on`;
