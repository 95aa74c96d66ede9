/** The rule for numbers in prose, on a small made-up lesson. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decimals, passagesOf, sectionOf, sentencesOf, unsourced } from "./helpers/numbers";

const markdown = (source: string) => ({ cell_type: "markdown" as const, source, outputs: [] });
const code = (source: string, text: string) => ({
  cell_type: "code" as const,
  source,
  outputs: [{ output_type: "stream", text }],
});

const results = new Map<string, unknown>([
  ["long.json", { mean: 0.98764, sd: 0.00042, seeds: [{ accuracy: 0.9911 }, { accuracy: 0.9813 }] }],
  ["speed.json", { training: { ours: 3.09375, theirs: 10.6287 }, inference: { ours: 19.019 } }],
]);

/** What is wrong with `prose` between the two code cells of section 1 of a lesson, or in another place of it. */
function wrong(prose: string, place: "between" | "summary" = "between", given: string[] = []): string[] {
  const cells = [
    markdown("# 01 Made up"),
    code('import { x } from "lenet-lab";', "11.25"),
    markdown("Settings."),
    code("const rate = 0.05;", ""),
    markdown("## 1 Shares\n\nExpect much."),
    code("const limit = 0.75;", "share 41.3 %, fraction 0.9263, 4.1e-3 at 1,234.5 and 70"),
    markdown(place === "between" ? prose : "It is 0.9263."),
    code("", "loss 0.0412; spread 0.50"),
    markdown("Then more."),
    code("", "7.25 and 0.333"),
    markdown("## 2 Another\n\nFirst."),
    code("", "<td style='width: 8.25px'>8.75 %</td>"),
    markdown("So 8.75 % it is."),
    markdown("## Summary\n\nDone."),
    markdown(place === "summary" ? prose : "The end."),
    markdown("## References\n\n* arXiv:1801.01234, pages 1.5 to 2.5"),
    markdown("## Next\n\n```ts\nconst y = 6.66;\n```"),
  ];
  const elsewhere = [markdown("## 3 There\n\nIt was 5.55."), code("", "5.55 and 5.65")];
  const sections = (number: string, notebook?: string) => sectionOf(notebook === "02" ? elsewhere : cells, number);
  return passagesOf(cells).flatMap((passage) =>
    sentencesOf(passage.prose).flatMap((sentence) =>
      unsourced(sentence, { near: passage.near, sectionOf: sections, results, given }).map(({ written }) => written),
    ),
  );
}

const check = (prose: string, expected: string[], place?: "between" | "summary", given?: string[]) =>
  it(`${expected.length === 0 ? "takes" : "refuses"} ${prose.replace(/\n/g, " ")}`, () =>
    assert.deepEqual(wrong(prose, place, given), expected));

describe("a number without a named source is one of a code cell beside it, or of the settings", () => {
  check("It is 41.3 %, and 0.0412 follows.", []);
  check("It is 0.9263, which is 92.63 %, at 1,234.5.", []);
  check("`4.1e-3` or 0.0041 at a rate of 0.05 below 0.75.", []);
  check("It is 41.4 %, or 0.0413.", ["41.4", "0.0413"]);
  check("It is 92.64 %, and 1,234.6, and `4.2e-3`.", ["92.64", "1,234.6", "4.2e-3"]);
  check("A cell further on shows 7.25, another section 8.75 %, the first 11.25.", ["7.25", "8.75", "11.25"]);
  check("A results file holds 98.76 %.", ["98.76"]);
  check("Not a share: 92.63; a setting is none: 0.05 %.", ["92.63", "0.05"]);
  check("Whole numbers are no decimals: 70.0.", ["70.0"]);
  check("The style of a table is not shown: 8.25 (the table of section 2).", ["8.25"]);
});

describe("a number is written as it is shown, or is said to be rounded", () => {
  check("About 0.04, nearly 0.93, almost 93 %, ≈ 92.6 %.", []);
  check("About 0.05.", []); // the setting
  check("It is 0.93, or about 0.94, or 0.5.", ["0.93", "0.94", "0.5"]);
});

describe("a section is a source where the sentence points to it", () => {
  check("It was 8.75 % (section 2).", []);
  check("It was 8.75 % (section 2) and 0.9263 (section 1).", [], "summary");
  check("Both 8.75 % and 0.9263 (sections 1 and 2).", [], "summary");
  check("It was 5.55 (section 3 of lesson 02), but 5.65 (the table in section 3 of lesson 02).", []);
  check("It was 0.9263. That stood in section 1.", ["0.9263"], "summary");
  check("* It was 0.9263\n* as section 1 says", ["0.9263"], "summary");
  check("Prose does not say 0.0412 (section 1).", ["0.0412"], "summary");
  check("But the table of section 1 has 0.0412.", [], "summary");
  check("It was 8.76 % (section 2), 5.65 (section 3 of lesson 02).", ["8.76", "5.65"], "summary");
  check("It was 8.75 % (section 1).", ["8.75"], "summary");
  check("No sentence vouches for itself: 8.85 % (section 1).", ["8.85"]);
});

describe("a results file is a source where the sentence or row names it", () => {
  check("98.76 ± 0.04 % (`long.json`).", []);
  check("98.8 % in [the long run](../data/results/long.json); 99.11 % is its best seed (`seeds.accuracy`).", ["98.8"]);
  check("Its best seed has 99.11 % (`long.json`, `seeds.accuracy`).", []);
  check("Its best seed has 99.11 % (`long.json`).", ["99.11"]);
  check("98.77 ± 0.04 % (`long.json`).", ["98.77"]);
  check("98.76 ± 0.04 % (`speed.json`).", ["98.76", "0.04"]);
  check("| row | 98.76 ± 0.04 % | `npm run reproduce -- long` |\n| other | 98.76 % | |", ["98.76"]);
  check("| training ([training](data/results/speed.json)) | 3.1 | 10.6 |", []);
  check("| training ([training.ours](data/results/speed.json)) | 3.1 | 10.6 | 19.0 |", ["10.6", "19.0"]);
});

describe("given words carry their numbers, and no others", () => {
  const given = ["ln 10 = 2.303", "99.2 % is claimed"];
  check("So ln 10 = 2.303, and 99.2 %\nis claimed.", [], "summary", given);
  check("So ln 10 = 2.304, and 99.2 % was claimed.", ["2.304", "99.2"], "summary", given);
});

it("sentences end at ends of sentences, items and rows, not within numbers or names", () => {
  const ends = sentencesOf("It is 0.5. LeCun et al. 1998 say so! (Do they?)\n* one\n2. two\n\n| a |\n| b |");
  assert.deepEqual(
    ends.map(({ text }) => text),
    ["It is 0.5.", "LeCun et al. 1998 say so!", "(Do they?)", "* one", "2. two", "| a |", "| b |"],
  );
});

it("versions, dates and code hold no decimal numbers", () => {
  const text = "Node 20.16.1 of 1.2.2020 with `x = 0.5` and `2.5e-7`, v1.5, 10^0.5, 1,013.5";
  assert.deepEqual(
    sentencesOf(text)
      .flatMap(decimals)
      .map(({ written }) => written),
    ["2.5e-7", "1,013.5"],
  );
});
