// What yarn runs in this project: see .yarnrc.yml.
console.error(`
✗ This project is installed with npm.
  Why: its lock file, package-lock.json, is npm's; another package manager would fetch other versions.
  What to do: npm start, or npm test. npm comes with Node.
`);
process.exit(1);
