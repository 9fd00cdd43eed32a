// A vitest reporter whose one line is "N passed, N failed, N skipped". Under build/test.mjs, which prints it last of
// all, the numbers go to the file it names; a vitest started by hand prints the line itself.
import { writeFileSync } from 'node:fs'

export default class TallyReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const tally = { passed: 0, failed: unhandledErrors.length, skipped: 0 }
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        tally[state === 'pending' ? 'skipped' : state] += 1
      }
      // A file or a hook that failed outside of any test.
      if (module.state() === 'failed' && ![...module.children.allTests('failed')].length) tally.failed += 1
    }
    const file = process.env.BASIL_TALLY
    if (file) writeFileSync(file, JSON.stringify(tally))
    else console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`)
  }
}
